// Package transport is the one HTTP stack of the provider. It knows nothing of
// the products: a client for one of them is a set of [Options], and [New] gives
// an [net/http.Client] that does the rest:
//
//   - repeats what is worth repeating (429, 502, 503, 504, lost connections),
//     and a write marked by [OnceOnly] only where it certainly was not applied;
//   - pauses every request of the process to a host that asks for a pause;
//   - bounds the number of requests in flight, the time of each attempt and the
//     size of each answer, which is read wholly before it is handed on;
//   - follows redirects of GET within the same scheme, host and port only;
//   - keeps credentials out of logs and error texts.
//
// A request without an answer is an [*Error]; an answer is handed on whatever
// its status, also after the last repetition.
package transport
