// Package protocol is a thin server around the framework's. It adds two things that
// have to be there for every request and that no resource could add:
//
//   - It tells an [Activity] when a request begins and ends, that a new walk has
//     begun (a ConfigureProvider), and that this process applies (an
//     ApplyResourceChange).
//   - It gives each request a context of its own that lets go of the one it came
//     with as soon as the request is over. Up to version 1.19 at least, the
//     framework keeps the cancel function of every request, and with it the
//     request's context and all that hangs on it, until it is told to stop: some
//     hundred kilobytes each, half a gigabyte over a run with 5 000 resources.
//     Whenever no request is running it is told so, and drops what is left.
package protocol
