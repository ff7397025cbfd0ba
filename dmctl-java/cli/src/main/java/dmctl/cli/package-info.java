/**
 * dmctl: the commands and their reports. Talks to dmctld and to nothing else: no engine, no log, no
 * device is touched from here.
 */
package dmctl.cli;
