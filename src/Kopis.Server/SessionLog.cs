using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Server;

/// <summary>What a session writes to standard error.</summary>
internal static class SessionLog
{
    /// <summary>Why a session cannot be served; the client gets a reply.</summary>
    internal static void Fatal(string program, Exception reason) =>
        Write(program, $"fatal: {reason.Message}");

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
