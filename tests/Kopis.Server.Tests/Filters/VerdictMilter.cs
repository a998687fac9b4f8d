using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Kopis.Server.Tests.Filters;

/// <summary>A milter on a port of loopback that says one thing of each message.</summary>
internal sealed class VerdictMilter : IDisposable
{
    private const int LengthBytes = 4;

    // Version 6, no changes, all steps.
    private static readonly byte[] Agreed =
        [0, 0, 0, 13, (byte)'O', 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _verdict;

    /// <summary>Serves.</summary>
    /// <param name="verdict">d, r or t of the protocol.</param>
    internal VerdictMilter(char verdict)
    {
        _verdict = [0, 0, 0, 1, (byte)verdict];
        _listener.Start();
        _ = ServeAsync();
    }

    /// <summary>Its line in control/milters.</summary>
    internal string Line => $"inet:127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                _ = AnswerAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using TcpClient own = client;
        NetworkStream stream = own.GetStream();
        try
        {
            byte[] length = new byte[LengthBytes];
            while (true)
            {
                await stream.ReadExactlyAsync(length);
                byte[] packet = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
                await stream.ReadExactlyAsync(packet);
                byte[] reply = (char)packet[0] switch
                {
                    'O' => Agreed,
                    'D' or 'A' or 'K' or 'Q' => [],
                    'E' => _verdict,
                    _ => [0, 0, 0, 1, (byte)'c'],
                };
                await stream.WriteAsync(reply);
            }
        }
        catch (IOException)
        {
            // The other end has gone.
        }
    }
}
