package dmctl.config;

/** Reads one word. */
@FunctionalInterface
interface WordParser<T> {
    T parse(String text) throws WordException;
}
