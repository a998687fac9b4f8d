using System.Net;
using System.Net.Sockets;
using Kopis.Net;

namespace Kopis.Remote;

/// <summary>
/// qmail-remote's work: finds the host, connects, sends, reports (contract §8.2). The first address
/// that connects gets the only session (trap 19).
/// </summary>
internal sealed class RemoteDelivery(RemoteSettings settings, IMailDns dns, ConnectMemory memory)
{
    /// <summary>Delivers a message to recipients at one host.</summary>
    internal async Task<RemoteReport> RunAsync(
        byte[] host, byte[] sender, IReadOnlyList<byte[]> recipients, IRemoteMessage message,
        CancellationToken stop)
    {
        if (Check(sender, recipients, message) is { } unfit)
        {
            return unfit;
        }

        TargetFinder finder = new(settings, dns);
        RemoteTarget target = await finder.FindAsync(host, stop);
        if (target.Problem is { } problem)
        {
            return problem;
        }

        foreach (IPEndPoint address in target.Addresses)
        {
            if (memory.ShouldSkip(address.Address)
                || await ConnectAsync(address, stop) is not { } socket)
            {
                continue;
            }

            using SmtpPeer peer = new(socket, settings.RemoteTimeout);
            SmtpTransaction transaction =
                new(peer, address.Address.ToString(), settings.HeloHost);
            return await transaction.RunAsync(sender, recipients, message, stop);
        }

        return RemoteReport.Of(
            'Z', "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n");
    }

    private static RemoteReport? Check(
        byte[] sender, IReadOnlyList<byte[]> recipients, IRemoteMessage message)
    {
        // These would end a command line early: nothing of the kind reaches a server.
        ReadOnlySpan<byte> lineEnds = "\r\n\0"u8;
        foreach (byte[] address in (byte[][])[sender, .. recipients])
        {
            if (address.AsSpan().ContainsAny(lineEnds))
            {
                return RemoteReport.Of(
                    'D', "Sorry, an address holds a line end and cannot be sent. (#5.1.3)\n");
            }
        }

        Span<byte> last = stackalloc byte[1];
        try
        {
            return message.Length > 0
                && (message.Read(message.Length - 1, last) != 1 || last[0] != (byte)'\n')
                ? RemoteReport.Of('D',
                    "SMTP cannot transfer messages with partial final lines. (#5.6.2)\n")
                : null;
        }
        catch (IOException)
        {
            return RemoteReport.Of('Z', "Unable to read message. (#4.3.0)\n");
        }
    }

    private async Task<Socket?> ConnectAsync(IPEndPoint address, CancellationToken stop)
    {
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.ConnectTimeout);
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
        };
        try
        {
            await socket.ConnectAsync(address, limit.Token);
            memory.NoteAnswer(address.Address);
            return socket;
        }
        catch (Exception e) when (e is SocketException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            socket.Dispose();
            bool timedOut = e is OperationCanceledException
                or SocketException { SocketErrorCode: SocketError.TimedOut };
            if (timedOut)
            {
                memory.NoteTimeout(address.Address);
            }
            else
            {
                memory.NoteAnswer(address.Address);
            }

            return null;
        }
    }
}
