// Package apiclient is what the clients of the products share: how a call of an
// API is made, and what can be concluded from what comes of it. A product adds
// its calls, and how its own errors look ([API.Explain]).
//
// Two rules hold for every product. A change is sent once: where its fate is not
// clear the error says that it may have been applied, and reading tells. And only
// the product's own answer says that something is not there: a 404 in another
// form may come from a proxy, a gateway or a wrong endpoint, and says nothing.
package apiclient
