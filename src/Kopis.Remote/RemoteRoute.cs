using System.Net;
using System.Net.Sockets;
using Kopis.Config.Maps;
using Kopis.Mail.Dsn;
using Kopis.Net.Dns;
using Kopis.Posix;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>
/// The addresses of one destination, for all connections of one delivery: looked up once, when a
/// connection is first needed. May be used from many threads.
/// </summary>
internal sealed class RemoteRoute(
    RemoteSettings settings, IMailDns dns, ConnectMemory memory, LoginPauses pauses,
    TimeProvider clock, RemoteDestination destination, LinkPool pool, int generation = 0)
{
    private readonly Lock _lock = new();
    private readonly RelayLogin _login = new(settings, pauses, clock);
    private Task<RemoteTarget>? _target;
    private int _best;

    /// <summary>What its connections may be used for.</summary>
    internal string Key { get; } = $"{generation} {destination.Key}";

    /// <summary>The destination's name; null until it was needed.</summary>
    internal string? Name { get; private set; }

    /// <summary>The address that served last, where the next connection begins; those before it
    /// did not serve.</summary>
    internal int Best => Volatile.Read(ref _best);

    /// <summary>A new session with the first address that serves, of those from
    /// <paramref name="walk"/> on, or an idle one of the pool that came back meanwhile; null if
    /// there is none, and the walk says why.</summary>
    /// <param name="walk">How far it has come.</param>
    /// <param name="mayReuse">Whether idle connections will do.</param>
    /// <param name="mayWait">Whether to wait where the destination has all its connections.
    /// </param>
    /// <param name="stop">Ends the wait.</param>
    internal async Task<SmtpLink?> OpenAsync(
        AddressWalk walk, bool mayReuse, bool mayWait, CancellationToken stop)
    {
        RemoteTarget target = await TargetAsync(stop);
        if (target.Problem is { } problem)
        {
            walk.Fail(problem.At(AttemptStage.Lookup, null));
            return null;
        }

        LoginSecret? secret = null;
        if (destination.Relay is { Login: not null } relay
            && (secret = _login.Read(relay, walk)) is null)
        {
            return null;
        }

        if (walk.At >= target.Hosts.Count)
        {
            return null;
        }

        (Name, _) = await new DestinationNames(settings, dns).FindAsync(
            destination.Host, destination.Relay, stop);
        DestinationRule rule = settings.Rules.Find(Name);
        (LinkPlace? place, SmtpLink? idle) = await pool.EnterAsync(
            Name, rule, mayReuse ? Key : null,
            mayWait ? settings.ConnectTimeout : TimeSpan.Zero, stop);
        if (place is null)
        {
            if (idle is null)
            {
                walk.Fail(NoPlace());
            }

            return idle;
        }

        SmtpLink? link = null;
        try
        {
            link = await WalkAsync(target, walk, rule, stop);
        }
        finally
        {
            if (link is null)
            {
                place.Dispose();
            }
            else
            {
                link.Place = place;
            }
        }

        return link is null || secret is null || await _login.RunAsync(link, secret, walk, stop)
            ? link : null;
    }

    private async Task<SmtpLink?> WalkAsync(
        RemoteTarget target, AddressWalk walk, DestinationRule rule, CancellationToken stop)
    {
        for (; walk.At < target.Hosts.Count; walk.At++)
        {
            RemoteHost one = target.Hosts[walk.At];
            if (memory.ShouldSkip(one.EndPoint.Address)
                || await ConnectAsync(one, walk, stop) is not { } socket)
            {
                continue;
            }

            if (await GreetAsync(one, socket, walk, rule, stop) is { } link)
            {
                NoteServing(walk, one.EndPoint.Address);
                return link;
            }
        }

        return null;
    }

    private static RemoteReport NoPlace() => RemoteReport.Of('Z',
        "Sorry, I have as many connections to that destination as it may get. (#4.4.5)\n");

    private Task<RemoteTarget> TargetAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            return _target ??= new TargetFinder(dns).FindAsync(
                destination.Host, destination.Relay, stop);
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
        RemoteHost host, Socket socket, AddressWalk walk, DestinationRule rule,
        CancellationToken stop)
    {
        try
        {
            return await GreetAsync(host, socket, avoidTls: false, walk, rule, stop);
        }
        catch (TlsFailedException e)
        {
            if (await ConnectAsync(host, walk, stop) is { } again)
            {
                return await GreetAsync(host, again, avoidTls: true, walk, rule, stop);
            }

            string ip = host.EndPoint.Address.ToString();
            walk.Fail(RemoteReport.Of('Z',
                $"Connected to {ip} but TLS failed: {e.Message} (#4.7.5)\n").At(
                AttemptStage.Tls,
                new AttemptServer(host.Name, ip, "", AttemptFlags.ReachedServer)));
            return null;
        }
    }

    /// <summary>Null: the walk says why. Only what an address is to all mail may be remembered of
    /// it: a domain may name another's hosts, and then mail for it that asks for a certificate of
    /// its own would keep all mail from them.</summary>
    private async Task<SmtpLink?> GreetAsync(
        RemoteHost host, Socket socket, bool avoidTls, AddressWalk walk, DestinationRule rule,
        CancellationToken stop)
    {
        string ip = host.EndPoint.Address.ToString();
        SmtpLink link = new(
            SmtpConnection.OverSocket(socket, settings.RemoteTimeout), host.EndPoint.Address, Key,
            clock.GetUtcNow())
        {
            Host = host.Name,
            Generation = generation,
            Rule = rule,
            IdleLimit = rule.IdleSeconds is { } seconds
                ? TimeSpan.FromSeconds(seconds) : settings.IdleTimeout,
        };
        SmtpOpening opening = new(link, settings, destination.Demand);
        RemoteReport? failure;
        try
        {
            failure = await opening.RunAsync(host.Name, avoidTls, stop);
            if (opening.SaysOurName && !host.IsRelay && IPAddress.IsLoopback(link.Address))
            {
                failure = TargetFinder.LoopsBack();
            }

            if (failure is null)
            {
                return link;
            }

            await link.CloseAsync();
        }
        catch (TlsFailedException)
        {
            link.Dispose();
            throw;
        }
        catch (IOException e)
        {
            link.Dispose();
            failure = RemoteReport.Of(
                'Z', $"Connected to {ip} but connection died. (#4.4.2)\n"
                    + link.Died(e));
        }

        failure.At(opening.Stage, link.Server);
        if (opening.IsOverTls)
        {
            walk.Fail(failure);
        }
        else
        {
            walk.Pass(host.EndPoint.Address, failure);
        }

        return null;
    }

    private async Task<Socket?> ConnectAsync(
        RemoteHost host, AddressWalk walk, CancellationToken stop)
    {
        IPEndPoint address = host.EndPoint;
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.ConnectTimeout);
        Socket? socket = null;
        try
        {
            // There may be no more descriptors, or no IPv6 on this host.
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
            };
            await socket.ConnectAsync(address, limit.Token);
            return socket;
        }
        catch (SocketException e) when (socket is null)
        {
            walk.NoConnection(host, ErrorText.Of(e));
            return null; // It says nothing of the address.
        }
        catch (Exception e) when (e is SocketException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            socket!.Dispose();
            bool timedOut = e is OperationCanceledException
                or SocketException { SocketErrorCode: SocketError.TimedOut };
            walk.NoConnection(host, timedOut ? ErrorText.TimedOut : ErrorText.Of(e));
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
