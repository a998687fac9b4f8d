using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Metrics;

/// <summary>Asks the qmail-journal of a home for its counters.</summary>
public static class JournalSamples
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The socket's name in a home.</summary>
    public static string PathIn(string home) => Path.Combine(home, "journal", "counters");

    /// <summary>Reads the counters.</summary>
    /// <returns>Empty if no qmail-journal answers.</returns>
    /// <exception cref="ConfigurationException">The caller may not read the journal.</exception>
    public static IReadOnlyList<MetricSample> Read(string home)
    {
        string path = PathIn(home);
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Patience.TotalMilliseconds,
            SendTimeout = (int)Patience.TotalMilliseconds,
        };
        try
        {
            socket.Connect(UnixListener.EndPoint(path));
            if (!JournalSocket.IsWriter(socket, home))
            {
                return [];
            }

            byte[] text = new byte[MetricText.BytesMax];
            long began = TimeProvider.System.GetTimestamp();
            int length = 0;
            int got;
            while (length < text.Length && (got = socket.Receive(text.AsSpan(length))) > 0
                && TimeProvider.System.GetElapsedTime(began) < Patience)
            {
                length += got;
            }

            return MetricText.Parse(text.AsSpan(0, length));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new ConfigurationException($"{path}: permission denied", ExitCode.Permanent);
        }
        catch (SocketException)
        {
            return [];
        }
    }
}
