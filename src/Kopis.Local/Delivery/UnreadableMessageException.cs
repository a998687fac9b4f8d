using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>Thrown if the message itself cannot be read, which is no failure of the mailbox.
/// </summary>
internal sealed class UnreadableMessageException(PosixException error)
    : IOException(error.Message, error)
{
    /// <summary>The error number; see <see cref="Errno"/>.</summary>
    internal int Number { get; } = error.Number;
}
