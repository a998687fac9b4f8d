using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>Asks the peer's host which user a connection belongs to (RFC 1413). The host may answer
/// anything.</summary>
public static class Ident
{
    private const int Port = 113;
    private const int ReplyBytesMax = 1000; // RFC 1413 §6.

    /// <summary>Asks the peer's host.</summary>
    /// <param name="local">Our end of the connection.</param>
    /// <param name="remote">The peer's end of the connection.</param>
    /// <param name="timeout">For the connection, the question and the answer together.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The user; empty if the host does not name one; null if there is no answer.
    /// </returns>
    public static async Task<byte[]?> AskAsync(
        IPEndPoint local, IPEndPoint remote, TimeSpan timeout, CancellationToken stop)
    {
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(timeout);
        using Socket socket = new(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // The answer is about a pair of addresses, so the question must come from the same
            // address.
            socket.Bind(new IPEndPoint(local.Address, 0));
            await socket.ConnectAsync(new IPEndPoint(remote.Address, Port), limit.Token);
            byte[] question = ByteText.ToBytes(string.Create(
                CultureInfo.InvariantCulture, $"{remote.Port} , {local.Port}\r\n"));
            await socket.SendAsync(question, limit.Token);
            return await ReadAsync(socket, limit.Token);
        }
        catch (SocketException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>The text after the third colon, without blanks: the user in <c>1, 2 : USERID : UNIX
    /// : joe </c>. An <c>ERROR</c> has only two colons, so it names nobody.</summary>
    /// <returns>Null if the text cannot be a value in the environment.</returns>
    public static byte[]? Parse(ReadOnlySpan<byte> line)
    {
        List<byte> user = [];
        int colons = 0;
        foreach (byte b in line)
        {
            if (b == 0)
            {
                return null;
            }

            if (colons < 3)
            {
                colons += b == (byte)':' ? 1 : 0;
            }
            else if (b is not ((byte)' ' or (byte)'\t' or (byte)'\r'))
            {
                user.Add(b);
            }
        }

        return [.. user];
    }

    private static async Task<byte[]?> ReadAsync(Socket socket, CancellationToken stop)
    {
        byte[] reply = new byte[ReplyBytesMax];
        int length = 0;
        while (length < reply.Length)
        {
            int got = await socket.ReceiveAsync(reply.AsMemory(length), stop);
            int end = reply.AsSpan(0, length + got).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return Parse(reply.AsSpan(0, end));
            }

            if (got == 0)
            {
                return null;
            }

            length += got;
        }

        return null;
    }
}
