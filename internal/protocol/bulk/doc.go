// Package bulk carries large maps and sets of strings past the plugin framework.
//
// The framework walks every element of every value some twenty times in a
// refresh and a plan, finds each one's place in the schema anew, and holds ten
// copies: for ten thousand people that is seconds, and more memory than all the
// rest. It compares each element of a set with each other one: four thousand
// take a quarter of a minute. So maps and sets are removed from a request before
// the framework sees it, and a ticket goes in for each: a map or a set with one
// entry, which tells the content. Equal values have equal tickets, so that the
// framework's comparisons come out the same. Code that needs a value gets it for
// its ticket ([Unpack]), or gives one and gets a ticket ([Pack]); the
// answer is sent with the values in it.
//
// What is carried follows from the types of a schema ([LayoutOf]). The
// framework's own validators and plan modifiers would see tickets, so such
// attributes have none of them.
package bulk
