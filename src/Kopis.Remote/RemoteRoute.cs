using System.Net;
using System.Net.Sockets;
using Kopis.Net.Dns;
using Kopis.Posix;

namespace Kopis.Remote;

/// <summary>
/// The addresses of one destination, for all connections of one delivery: looked up once, when a
/// connection is first needed. May be used from many threads.
/// </summary>
/// <param name="settings">The control files.</param>
/// <param name="dns">Has the addresses.</param>
/// <param name="memory">Which do not answer.</param>
/// <param name="pauses">Refused logins.</param>
/// <param name="clock">The clock.</param>
/// <param name="destination">Where mail goes.</param>
/// <param name="receivers">What receivers ask of TLS.</param>
/// <param name="isLax">Whether the message says <c>TLS-Required: No</c>.</param>
internal sealed class RemoteRoute(
    RemoteSettings settings, IMailDns dns, ConnectMemory memory, LoginPauses pauses,
    TimeProvider clock, RemoteDestination destination, ReceiverPolicies receivers,
    Func<bool> isLax)
{
    private readonly Lock _lock = new();
    private readonly RelayLogin _login = new(settings, pauses, clock);
    private Task<RemoteTarget>? _target;
    private int _best;

    /// <summary>What its connections may be used for.</summary>
    internal string Key => destination.Key;

    /// <summary>The address that served last, where the next connection begins; those before it
    /// did not serve.</summary>
    internal int Best => Volatile.Read(ref _best);

    /// <summary>A new session with the first address that serves, of those from
    /// <paramref name="walk"/> on; null if there is none, and the walk says why.</summary>
    internal async Task<SmtpLink?> OpenAsync(AddressWalk walk, CancellationToken stop)
    {
        if (destination.Relay?.SocketPath is { } path)
        {
            return await OpenSocketAsync(path, walk, stop);
        }

        RemoteTarget target = await TargetAsync(stop);
        if (target.Problem is { } problem)
        {
            walk.Fail(problem);
            return null;
        }

        LoginSecret? secret = null;
        if (destination.Relay is { Login: not null } relay
            && (secret = _login.Read(relay, walk)) is null)
        {
            return null;
        }

        for (; walk.At < target.Hosts.Count; walk.At++)
        {
            RemoteHost one = target.Hosts[walk.At];
            if (memory.ShouldSkip(one.EndPoint.Address))
            {
                continue;
            }

            HostVerdict verdict = await receivers.JudgeAsync(destination, one, isLax, stop);
            if (verdict.Refusal is { } refusal)
            {
                walk.Fail(refusal);
                receivers.Report(verdict, destination, one, null);
                continue;
            }

            if (await ConnectAsync(one.EndPoint, stop) is not { } socket)
            {
                continue;
            }

            if (await GreetAsync(one, socket, verdict, walk, stop) is { } link)
            {
                NoteServing(walk, one.EndPoint.Address);
                return secret is null || await _login.RunAsync(link, secret, walk, stop)
                    ? link : null;
            }
        }

        return null;
    }

    /// <summary>A session at a Unix socket, the only place there is. Nothing is remembered of it.
    /// </summary>
    private async Task<SmtpLink?> OpenSocketAsync(
        string path, AddressWalk walk, CancellationToken stop)
    {
        if (walk.At > 0)
        {
            return null;
        }

        Socket? socket = null;
        try
        {
            Socket one = socket = UnixSocket.New();
            await LimitedAsync(
                token => one.ConnectAsync(new UnixDomainSocketEndPoint(path), token), stop);
        }
        catch (Exception e) when (e is SocketException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            socket?.Dispose();
            string why = e is SocketException fault ? UnixSocket.Reason(fault) : "no answer";
            walk.Fail(RemoteReport.Of(
                'Z', $"Sorry, I wasn't able to connect to {path}: {why}. (#4.4.1)\n"));
            return null;
        }

        SmtpLink link = new(
            SmtpConnection.OverSocket(socket, settings.RemoteTimeout), IPAddress.None, Key,
            clock.GetUtcNow())
        {
            Ip = path,
            IsLmtp = true,
        };
        SmtpOpening opening = new(link, settings, destination.Demand);
        RemoteReport? failure =
            await TryGreetAsync(link, opening, "", avoidTls: false, stop);
        if (failure is null)
        {
            return link;
        }

        walk.Fail(failure);
        return null;
    }

    private async Task LimitedAsync(
        Func<CancellationToken, ValueTask> connect, CancellationToken stop)
    {
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.ConnectTimeout);
        await connect(limit.Token);
    }

    private Task<RemoteTarget> TargetAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_target is null)
            {
                receivers.Begin(destination);
                _target = new TargetFinder(dns).FindAsync(
                    destination.Host, destination.Relay, stop);
            }

            return _target;
        }
    }

    /// <summary>An address that does not serve is remembered like one that does not answer, but
    /// only where another took its place: the only one of a destination is tried each time.
    /// </summary>
    private void NoteServing(AddressWalk walk, IPAddress address)
    {
        if (!walk.IsForRecipients)
        {
            Volatile.Write(ref _best, walk.At);
        }

        foreach (IPAddress passed in walk.DrainPassed())
        {
            memory.NoteTimeout(passed);
        }

        memory.NoteAnswer(address);
    }

    /// <summary>A session in TLS, or, if it does not come about and plain text will do, in
    /// plain text over a second connection.</summary>
    private async Task<SmtpLink?> GreetAsync(
        RemoteHost host, Socket socket, HostVerdict verdict, AddressWalk walk,
        CancellationToken stop)
    {
        try
        {
            return await GreetAsync(host, socket, verdict, avoidTls: false, walk, stop);
        }
        catch (TlsFailedException e)
        {
            if (await ConnectAsync(host.EndPoint, stop) is { } again)
            {
                return await GreetAsync(host, again, verdict, avoidTls: true, walk, stop);
            }

            walk.Fail(RemoteReport.Of('Z',
                $"Connected to {host.EndPoint.Address} but TLS failed: {e.Message} (#4.7.5)\n"));
            return null;
        }
    }

    /// <summary>Null: the walk says why. Only what an address is to all mail may be remembered of
    /// it: a domain may name another's hosts, and then mail for it that asks for a certificate of
    /// its own would keep all mail from them.</summary>
    private async Task<SmtpLink?> GreetAsync(
        RemoteHost host, Socket socket, HostVerdict verdict, bool avoidTls, AddressWalk walk,
        CancellationToken stop)
    {
        IPAddress? own = (socket.LocalEndPoint as IPEndPoint)?.Address;
        SmtpLink link = new(
            SmtpConnection.OverSocket(socket, settings.RemoteTimeout), host.EndPoint.Address,
            verdict.IsLax ? Key + " lax" : Key, clock.GetUtcNow())
        {
            IsLmtp = destination.Relay?.IsLmtp == true,
        };
        SmtpOpening opening = new(link, settings, verdict.Demand);
        RemoteReport? failure = await TryGreetAsync(
            link, opening, host.Name, avoidTls, stop, mayBeUs: !host.IsRelay, Report);
        if (failure is null)
        {
            return link;
        }

        if (opening.IsOverTls)
        {
            walk.Fail(failure);
        }
        else
        {
            walk.Pass(host.EndPoint.Address, failure);
        }

        return null;

        void Report()
        {
            if (!avoidTls) // What is without TLS there was reported as what it is.
            {
                receivers.Report(verdict, destination, host, opening, own);
            }
        }
    }

    /// <summary>Opens the session, or closes the link and says why there is none.</summary>
    /// <param name="link">The connection.</param>
    /// <param name="opening">What begins on it.</param>
    /// <param name="name">The server's name.</param>
    /// <param name="avoidTls">TLS was tried before and failed.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <param name="mayBeUs">It was found by MX, so it may be this host.</param>
    /// <param name="report">Called once it is known how TLS began.</param>
    private static async Task<RemoteReport?> TryGreetAsync(
        SmtpLink link, SmtpOpening opening, string name, bool avoidTls, CancellationToken stop,
        bool mayBeUs = false, Action? report = null)
    {
        try
        {
            RemoteReport? failure = await opening.RunAsync(name, avoidTls, stop);
            report?.Invoke();
            if (opening.SaysOurName && mayBeUs && IPAddress.IsLoopback(link.Address))
            {
                failure = TargetFinder.LoopsBack();
            }

            if (failure is not null)
            {
                await link.CloseAsync();
            }

            return failure;
        }
        catch (TlsFailedException)
        {
            report?.Invoke();
            link.Dispose();
            throw;
        }
        catch (IOException)
        {
            link.Dispose();
            return RemoteReport.Of(
                'Z', $"Connected to {link.Ip} but connection died. (#4.4.2)\n");
        }
    }

    private async Task<Socket?> ConnectAsync(IPEndPoint address, CancellationToken stop)
    {
        Socket? socket = null;
        try
        {
            // There may be no more descriptors, or no IPv6 on this host.
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
            };
            Socket one = socket;
            await LimitedAsync(token => one.ConnectAsync(address, token), stop);
            return socket;
        }
        catch (SocketException) when (socket is null)
        {
            return null; // It says nothing of the address.
        }
        catch (Exception e) when (e is SocketException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            socket!.Dispose();
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
