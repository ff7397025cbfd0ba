package dmctl.daemon.nbd;

/** The one metadata context there is. */
final class MetaContext {
    static final String BASE_ALLOCATION = "base:allocation";
    static final int BASE_ALLOCATION_ID = 1;

    private MetaContext() {}

    /**
     * Tells whether a query of a client selects base:allocation.
     *
     * @param query as sent
     * @param listing whether it only asks what there is: then a namespace alone is a wildcard
     */
    static boolean selects(String query, boolean listing) {
        return query.equals(BASE_ALLOCATION) || (listing && query.equals("base:"));
    }
}
