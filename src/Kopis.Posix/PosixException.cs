namespace Kopis.Posix;

/// <summary>A system call failed. The message names the call, the object and the reason.</summary>
public sealed class PosixException : IOException
{
    private readonly string _what;

    /// <summary>Describes the failure of one call.</summary>
    /// <param name="what">The call and its object: <c>open control/me</c>.</param>
    /// <param name="errno">The error number, see <see cref="Errno"/>.</param>
    public PosixException(string what, int errno)
        : base($"{what}: {ErrorText.Of(errno)}") => (_what, Number) = (what, errno);

    /// <summary>The error number, see <see cref="Errno"/>.</summary>
    public int Number { get; }

    /// <summary>Only the reason, see <see cref="ErrorText"/>.</summary>
    public string Reason => ErrorText.Of(Number);

    /// <summary>Whether nobody reads our output any more, as in <c>mailq | head</c>.</summary>
    public bool IsOutputClosed => Number == Errno.BrokenPipe && _what == "write fd 1";
}
