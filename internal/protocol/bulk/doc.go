// Package bulk carries maps of people past the plugin framework.
//
// The framework walks every element of every value some twenty times in a
// refresh and a plan, finds each one's place in the schema anew, and holds ten
// copies: for ten thousand people that is seconds, and more memory than all the
// rest. So the maps are taken out of a request before the framework sees it, and
// a ticket goes in for each: a map with one entry, whose key tells the content.
// Equal maps have equal tickets, so that the framework's comparisons come out
// the same. Whoever needs a map gets it for its ticket ([Unpack]), or gives one
// and gets a ticket ([Pack]); the answer is sent with the maps in it.
package bulk
