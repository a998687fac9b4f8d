using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net;

namespace Kopis.Remote;

/// <summary>
/// qmail-remote's work: finds the host, connects, sends, reports (contract §8.2). The first address
/// that connects gets the only session (trap 19). What is left of a session serves the next message
/// to the same destination.
/// </summary>
internal sealed class RemoteDelivery(
    RemoteSettings settings, IMailDns dns, ConnectMemory memory, TimeProvider clock)
    : IAsyncDisposable
{
    // These would end a command line early: nothing of the kind reaches a server.
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n\0"u8);

    // A host is never quoted, and these would end its address and begin a parameter.
    private static readonly SearchValues<byte> HostEnds =
        SearchValues.Create(" \t<>\"\\(),;"u8);

    private readonly LinkPool _pool = new(clock, settings.IdleTimeout);

    /// <summary>Delivers a message to recipients at one host: in one transaction, or in as many
    /// as the limit of the server demands.</summary>
    internal async Task<RemoteReport> RunAsync(
        byte[] host, RemoteMail mail, CancellationToken stop)
    {
        if (Check(mail.Sender, mail.Recipients, mail.Message) is { } unfit)
        {
            return unfit;
        }

        TlsDemand demand = TlsDemand.Of(
            settings.Tls.Policies.Find(host), mail.Parameters.RequireTls,
            ByteText.ToText(host), settings.Routes.Find(host)?.Relay);
        List<(RemoteReport, int)> parts = [];
        int done = 0;
        do
        {
            (RemoteReport report, int count) =
                await SendPartAsync(host, mail, done, demand, stop);
            parts.Add((report, count));
            done += count;
        }
        while (done < mail.Recipients.Count);

        return RemoteReport.Join(parts);
    }

    /// <summary>Says goodbye to servers.</summary>
    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    /// <summary>Sends to as many recipients from there on as one transaction may have.</summary>
    private async Task<(RemoteReport Report, int Count)> SendPartAsync(
        byte[] host, RemoteMail mail, int first, TlsDemand demand, CancellationToken stop)
    {
        string key = Key(host, demand);
        int left = mail.Recipients.Count - first;
        SmtpLink? link = _pool.Take(key);
        while (true)
        {
            if (link is null)
            {
                (link, RemoteReport? failure) = await OpenAsync(host, key, demand, stop);
                if (link is null)
                {
                    return (failure!, left);
                }
            }

            int most = link.Offers.RecipientsMax;
            int count = most > 0 ? Math.Min(most, left) : left;
            RemoteReport? report =
                await new SmtpTransaction(link, mail.Part(first, count)).RunAsync(stop);
            if (report is not null)
            {
                await _pool.ReturnAsync(link);
                return (report, count);
            }

            link.Dispose(); // It was idle for too long after all: no fault of the message.
            link = null;
        }
    }

    /// <summary>Mail for the same relay, or the same domain, shares connections.</summary>
    private string Key(byte[] host, TlsDemand demand) =>
        settings.Routes.Find(host) is { } route
            ? $"{demand.Key} {route.Relay}:{route.Port}"
            : $"{demand.Key} {ByteText.ToText(Ascii8.ToLower(host))}";

    /// <summary>A new session, or why there is none.</summary>
    private async Task<(SmtpLink? Link, RemoteReport? Failure)> OpenAsync(
        byte[] host, string key, TlsDemand demand, CancellationToken stop)
    {
        RemoteTarget target = await new TargetFinder(settings, dns).FindAsync(host, stop);
        if (target.Problem is { } problem)
        {
            return (null, problem);
        }

        foreach (RemoteHost one in target.Hosts)
        {
            if (memory.ShouldSkip(one.EndPoint.Address)
                || await ConnectAsync(one.EndPoint, stop) is not { } socket)
            {
                continue;
            }

            try
            {
                return await GreetAsync(one, socket, key, demand, avoidTls: false, stop);
            }
            catch (TlsFailedException)
            {
                // Only where the policy is "may": once more, in plain text.
                return await ConnectAsync(one.EndPoint, stop) is { } again
                    ? await GreetAsync(one, again, key, demand, avoidTls: true, stop)
                    : (null, NoConnection());
            }
        }

        return (null, NoConnection());
    }

    private async Task<(SmtpLink? Link, RemoteReport? Failure)> GreetAsync(
        RemoteHost host, Socket socket, string key, TlsDemand demand, bool avoidTls,
        CancellationToken stop)
    {
        string ip = host.EndPoint.Address.ToString();
        SmtpLink link = new(
            SmtpPeer.OverSocket(socket, settings.RemoteTimeout), ip, key, clock.GetUtcNow());
        try
        {
            RemoteReport? failure = await new SmtpOpening(link, settings, demand)
                .RunAsync(host.Name, avoidTls, stop);
            if (failure is null)
            {
                return (link, null);
            }

            await link.CloseAsync();
            return (null, failure);
        }
        catch (TlsFailedException)
        {
            link.Dispose();
            throw;
        }
        catch (IOException)
        {
            link.Dispose();
            return (null, RemoteReport.Of(
                'Z', $"Connected to {ip} but connection died. (#4.4.2)\n"));
        }
    }

    private static RemoteReport NoConnection() => RemoteReport.Of(
        'Z', "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n");

    private static RemoteReport? Check(
        byte[] sender, IReadOnlyList<byte[]> recipients, IRemoteMessage message)
    {
        foreach (byte[] address in (byte[][])[sender, .. recipients])
        {
            int at = address.AsSpan().LastIndexOf((byte)'@');
            if (address.AsSpan().ContainsAny(LineEnds))
            {
                return RemoteReport.Of(
                    'D', "Sorry, an address holds a line end and cannot be sent. (#5.1.3)\n");
            }

            if (at >= 0 && address.AsSpan(at).ContainsAny(HostEnds))
            {
                return RemoteReport.Of(
                    'D', "Sorry, what follows the @ of an address is no host. (#5.1.3)\n");
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
