/**
 * The on-disk formats: layouts, codecs and checks of superblock, batch, region map and checkpoint,
 * as FORMAT.md specifies them. No I/O, no threads, no clock, no randomness and no dependency lives
 * here: bytes come in and go out in buffers of the caller.
 */
package dmctl.replog;
