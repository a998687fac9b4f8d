using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Server;

/// <summary>What a session writes to standard error.</summary>
internal static class SessionLog
{
    /// <summary>Why a session cannot be served; the client gets a reply.</summary>
    internal static void Fatal(string program, Exception reason) =>
        Write(program, $"fatal: {reason.Message}");

    /// <summary>What a client called itself whose login failed. Some type their password there, so
    /// the log has addresses only; the journal, which fewer may read, has all.</summary>
    internal static string Claimed(ReadOnlySpan<byte> name) =>
        name.Contains((byte)'@') ? LogText.Safe(name) : "-";

    /// <summary>A line that begins with the program's name.</summary>
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
