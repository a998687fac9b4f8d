using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Server;

/// <summary>What a session tells on standard error.</summary>
internal static class SessionLog
{
    /// <summary>Why a session cannot be served; the client is told in its protocol's way.</summary>
    internal static void Fatal(string program, Exception reason) =>
        Write(program, $"fatal: {reason.Message}");

    /// <summary>A line that begins with the program's name.</summary>
    internal static void Write(string program, string line)
    {
        try
        {
            Fd.WriteAll(2, ByteText.ToBytes($"{program}: {line}\n"));
        }
        catch (PosixException)
        {
            // Nobody reads the log.
        }
    }
}
