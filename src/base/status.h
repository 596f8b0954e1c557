/* Status codes and the message that goes with a failure.
 *
 * Every function that can fail returns enum tmk_status. The one that finds the fault calls
 * tmk_fail() with a sentence that names the thing, the value and the remedy; whoever reports it
 * (only the command line does) reads tmk_message(). */
#ifndef TMK_BASE_STATUS_H
#define TMK_BASE_STATUS_H

enum tmk_status {
    TMK_OK = 0,
    TMK_ECHECK,       /* a result is wrong, a regression was found     -> exit code 1 */
    TMK_EINVAL,       /* wrong usage, malformed or impossible input    -> exit code 2 */
    TMK_EIO,          /* a file, a program or the environment failed   -> exit code 3 */
    TMK_ENOMEM,       /* not enough memory                             -> exit code 4 */
    TMK_EUNSUPPORTED, /* well-formed, but not possible here            -> exit code 4 */
    TMK_EINTR         /* interrupted by the user                       -> exit code 130 */
};

/* Record a one-line message (printf style) for the calling thread and return `status`. */
enum tmk_status tmk_fail(enum tmk_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The calling thread's last message; "" if nothing failed yet. Valid until the next tmk_fail(). */
const char *tmk_message(void);

/* The process exit code that belongs to a status: 0, 1, 2, 3, 4 or 130 as above. */
int tmk_exit_code(enum tmk_status status);

/* Return from the enclosing function if `call` does not give TMK_OK. */
#define TMK_TRY(call)                                                                              \
    do {                                                                                           \
        enum tmk_status tmk_try_status_ = (call);                                                  \
        if (tmk_try_status_ != TMK_OK)                                                             \
            return tmk_try_status_;                                                                \
    } while (0)

#endif
