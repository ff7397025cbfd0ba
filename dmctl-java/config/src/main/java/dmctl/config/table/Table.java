package dmctl.config.table;

/** One table line, read and validated. */
public sealed interface Table permits ReplicatorTable, ReplicatorDevTable, OneLineTable {
    /**
     * Returns the part of the mapped device that the line is about.
     *
     * @return start and length
     */
    Extent extent();

    /**
     * Writes the table in its canonical form, which reads as an equal table.
     *
     * @return one line, without a line end
     */
    default String text() {
        return TablePrinter.text(this);
    }
}
