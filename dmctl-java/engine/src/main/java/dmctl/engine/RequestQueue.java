package dmctl.engine;

import dmctl.engine.port.Request;
import org.jspecify.annotations.Nullable;

/** First in, first out, linked through {@link Request#next}: no allocation. */
final class RequestQueue {
    private @Nullable Request head;
    private @Nullable Request tail;
    private int size;

    void add(Request request) {
        Invariant.check(request.next == null, "a request is in one queue at a time");
        if (tail == null) {
            head = request;
        } else {
            tail.next = request;
        }
        tail = request;
        size++;
    }

    @Nullable Request peek() {
        return head;
    }

    @Nullable Request poll() {
        Request first = head;
        if (first != null) {
            head = first.next;
            if (head == null) {
                tail = null;
            }
            first.next = null;
            size--;
        }
        return first;
    }

    boolean isEmpty() {
        return head == null;
    }

    int size() {
        return size;
    }
}
