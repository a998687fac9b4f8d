using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>A system call failed; the message names the call, the object and the reason.</summary>
public sealed class PosixException : IOException
{
    /// <summary>Describes the failure of one call.</summary>
    /// <param name="what">The call and what it was about: <c>open control/me</c>.</param>
    /// <param name="errno">The error number, see <see cref="Errno"/>.</param>
    public PosixException(string what, int errno)
        : base($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}") => Number = errno;

    /// <summary>The error number, see <see cref="Errno"/>.</summary>
    public int Number { get; }

    /// <summary>The reason alone, in the C library's words.</summary>
    public string Reason => Marshal.GetPInvokeErrorMessage(Number);
}
