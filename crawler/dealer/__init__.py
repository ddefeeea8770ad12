"""The transport between QuasiQueue's parent process and its reader processes.

Stock QuasiQueue gives all readers one `mp.Queue` and one `mp.Event`; a reader that is killed while
it holds a lock of either stops the others, and nobody knows which items it had. Here the parent
owns one pair of pipes per reader and remembers who holds what:

* `deck` holds what was claimed and not yet dealt, by host; it is the queue that the Builder fills;
* `window` is the Builder: QuasiQueue's requeue window, counted from an item's claim;
* `pace` says when the Builder is asked again;
* `dealer` deals from the deck to readers and takes their acknowledgements;
* `fleet` launches, watches and buries reader processes; `watchdog` kills those that are stuck;
* `queue` is `CrawlQueue`, the QuasiQueue that ties these together in the parent;
* `worker` runs QuasiQueue's own `reader_runner` in a reader, on an `inbox`, with a `link` back;
* `board` is the shared memory that survives a kill, `wire` the frames on the pipes.

No call of the node (frontier, files) is ever in flight while a process is forked: all of them are
awaited, one after the other, by the one loop in `queue`.
"""
