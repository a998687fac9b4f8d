using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Server;

/// <summary>Writes lines of a session to standard error.</summary>
internal static class SessionLog
{
    /// <summary>Logs why a session cannot be served; the client gets a reply.</summary>
    internal static void Fatal(string program, Exception reason) =>
        Write(program, $"fatal: {reason.Message}");

    /// <summary>The name that a client gave in a failed login, for the log. Some people type their
    /// password there, so the log has it only if it is an address. The journal, which fewer people
    /// may read, has all names.</summary>
    internal static string Claimed(ReadOnlySpan<byte> name) =>
        name.Contains((byte)'@') ? LogText.Safe(name) : "-";

    /// <summary>Writes a line that begins with the program's name.</summary>
    internal static void Write(string program, string line)
    {
        try
        {
            Fd.WriteAll(2, ByteText.ToBytes(LogPriority.Mark($"{program}: {line}\n")));
        }
        catch (PosixException)
        {
            // The log cannot be written.
        }
    }
}
