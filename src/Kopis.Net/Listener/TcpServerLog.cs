using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>tcpserver's lines on standard error (contract §12.1). Those about served connections
/// are as in ucspi-tcp. Of all others there are only a few a minute for each cause.</summary>
internal sealed class TcpServerLog(int verbosity)
{
    private readonly LogThrottle _throttle =
        new(static line => Write($"tcpserver: warning: {line}"), TimeProvider.System);

    private const int FieldBytesMax = 100; // ucspi-tcp, tcpserver.c: safecats.

    // Lines are made only if they are written: a connection has five.
    private readonly bool _chats = verbosity >= 2;

    internal void Status(int sessions, int limit)
    {
        if (_chats)
        {
            Chat($"status: {sessions}/{limit}");
        }
    }

    internal void From(long number, IPAddress remote)
    {
        if (_chats)
        {
            Chat($"pid {number} from {remote}");
        }
    }

    internal void Decision(long number, bool denied, ByteEnvironment environment)
    {
        if (!_chats)
        {
            return;
        }

        Chat($"{(denied ? "deny" : "ok")} {number} "
            + $"{Safe(environment["TCPLOCALHOST"])}:{Ip(environment.Text("TCPLOCALIP"))}:"
            + $"{environment.Text("TCPLOCALPORT")} "
            + $"{Safe(environment["TCPREMOTEHOST"])}:{Ip(environment.Text("TCPREMOTEIP"))}:"
            + $"{Safe(environment["TCPREMOTEINFO"])}:{environment.Text("TCPREMOTEPORT")}");
    }

    /// <summary>How a session ended, as waitpid(2) reports it: exit 1 is 256.</summary>
    internal void End(long number, int waitStatus)
    {
        if (_chats)
        {
            Chat($"end {number} status {waitStatus}");
        }
    }

    /// <summary>Logs a failure, or a client that is not served.</summary>
    /// <param name="cause">The kind of the cause, for the count of further lines.</param>
    /// <param name="text">The line.</param>
    internal void Warn(string cause, string text)
    {
        if (verbosity >= 1)
        {
            _throttle.Write(cause, text);
        }
    }

    /// <summary>Whether another line about a cause may be written now.</summary>
    internal bool Admits(string cause) => verbosity >= 1 && _throttle.Admits(cause);

    private static void Chat(string text) => Write($"tcpserver: {text}");

    private static string Safe(byte[]? field)
    {
        if (field is null)
        {
            return "";
        }

        bool cut = field.Length > FieldBytesMax;
        char[] text = Array.ConvertAll(
            field[..Math.Min(field.Length, FieldBytesMax)],
            b => b is <= 32 or >= 127 or (byte)'%' or (byte)':' ? '?' : (char)b);
        return new string(text) + (cut ? "..." : "");
    }

    // An IPv6 address keeps its colons, but in brackets, so that the fields can still be split.
    private static string Ip(string? address) =>
        IPAddress.TryParse(address, out IPAddress? ip)
            && ip.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : $"{address}";

    private static void Write(string line)
    {
        try
        {
            Fd.WriteAll(2, RawText.ToBytes(LogPriority.Mark(line) + "\n"));
        }
        catch (PosixException)
        {
            // The log cannot be written any more; mail goes on.
        }
    }
}
