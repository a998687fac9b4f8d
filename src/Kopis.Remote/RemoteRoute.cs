using System.Net;
using System.Net.Sockets;
using Kopis.Config.Maps;
using Kopis.Mail.Dsn;
using Kopis.Net.Dns;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Remote.Sources;

namespace Kopis.Remote;

/// <summary>The addresses of one destination, for all connections of one delivery. They are looked
/// up once, when a connection is first needed. May be used from many threads.</summary>
/// <param name="settings">The control files.</param>
/// <param name="dns">Finds the addresses.</param>
/// <param name="memory">Knows which addresses do not answer.</param>
/// <param name="pauses">Refused logins.</param>
/// <param name="clock">The clock.</param>
/// <param name="destination">The destination.</param>
/// <param name="receivers">Finds what receivers require of TLS.</param>
/// <param name="isLax">Whether the message says <c>TLS-Required: No</c>.</param>
/// <param name="pool">Idle connections, and the limits on connections.</param>
/// <param name="generation">The generation of the control files, as the pool counts them.</param>
/// <param name="sources">Chooses our own address; null: the system does.</param>
internal sealed class RemoteRoute(
    RemoteSettings settings, IMailDns dns, ConnectMemory memory, LoginPauses pauses,
    TimeProvider clock, RemoteDestination destination, ReceiverPolicies receivers,
    Func<bool> isLax, LinkPool pool, int generation = 0, SourceChoice? sources = null)
{
    private readonly Lock _lock = new();
    private readonly RelayLogin _login = new(settings, pauses, clock);
    private readonly AttemptJudge _judge = new(settings.Replies, destination.Host);
    private readonly SourceChoice _sources =
        sources ?? new SourceChoice(SourceRules.None, [], []);

    private Task<RemoteTarget>? _target;
    private int _best;

    /// <summary>The key of its connections: mail with the same key may share one.</summary>
    internal string Key { get; } = $"{generation} {destination.Key}{sources?.Key}";

    /// <summary>Where the next connection begins: at the address that served last, or at one before
    /// it that was slower and has not been tried. All others before it did not serve.</summary>
    internal int Best => Volatile.Read(ref _best);

    /// <summary>Knows which hosts speak QMTP.</summary>
    internal QmtpHosts QmtpHosts => memory.Qmtp;

    /// <summary>How many recipients of a transaction each destination accepts.</summary>
    internal RecipientLimits RecipientLimits => memory.Recipients;

    private HostDialer Dialer => new(settings, memory, _sources, clock);

    /// <summary>Whether a connection with this key comes from the address that this mail should
    /// come from.</summary>
    internal bool Fits(SmtpLink link) => _sources.Fits(link, memory.Sources);

    /// <summary>Whether all recipients of a transaction were deferred with replies after which
    /// control/replies tries the next server.</summary>
    internal bool WantsNext(RemoteReport report, int recipients)
    {
        for (int i = 0; i < recipients && settings.Replies.TryNext; i++)
        {
            if (!_judge.TriesNext(report.For(i), report.PointOf(i)))
            {
                return false;
            }
        }

        return settings.Replies.TryNext;
    }

    /// <summary>Opens a session with the first address that serves, from <paramref name="walk"/>
    /// on, or takes an idle connection that was returned meanwhile. Null if there is none; the walk
    /// records why.</summary>
    /// <param name="walk">The progress of the transaction.</param>
    /// <param name="mayReuse">Whether idle connections may be used.</param>
    /// <param name="mayWait">Whether to wait if the destination has as many connections as allowed.
    /// </param>
    /// <param name="stop">Ends the wait.</param>
    internal async Task<SmtpLink?> OpenAsync(
        AddressWalk walk, bool mayReuse, bool mayWait, CancellationToken stop)
    {
        string? key = mayReuse ? Key : null;
        TimeSpan wait = mayWait ? settings.ConnectTimeout : TimeSpan.Zero;
        if (destination.Relay?.SocketPath is { } path)
        {
            return walk.IsTried(0) ? null : await EnterAsync(
                walk, key, wait, (_, rule) => OpenSocketAsync(path, walk, rule, stop), stop);
        }

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

        return walk.IsOver(target.Hosts) ? null : await EnterAsync(
            walk, key, wait,
            (name, rule) => WalkAsync(target, walk, new Way(name, rule), secret, stop), stop);
    }

    /// <summary>Opens a connection when the destination may have one more, or takes an idle one.
    /// </summary>
    private async Task<SmtpLink?> EnterAsync(
        AddressWalk walk, string? key, TimeSpan wait,
        Func<string, DestinationRule, Task<SmtpLink?>> open, CancellationToken stop)
    {
        (string name, _) = await new DestinationNames(settings, dns).FindAsync(
            destination.Host, destination.Relay, stop);
        DestinationRule rule = settings.Rules.Find(name);
        (LinkPlace? place, SmtpLink? idle) = await pool.EnterAsync(
            name, rule, key, Fits, wait, stop);
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
            return link = await open(name, rule);
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
    }

    private async Task<SmtpLink?> WalkAsync(
        RemoteTarget target, AddressWalk walk, Way way, LoginSecret? secret,
        CancellationToken stop)
    {
        for (; walk.At < target.Hosts.Count; walk.At++)
        {
            RemoteHost one = target.Hosts[walk.At];
            if (!IsToTry(one, walk) || (secret is not null
                && _login.HasToWait(secret.At(one.RelayName, one.EndPoint.Port), walk)))
            {
                continue;
            }

            HostVerdict verdict =
                await receivers.JudgeAsync(destination.At(one), one.BySmtp, isLax, stop);
            if (verdict.Refusal is { } refusal)
            {
                walk.Fail(refusal.At(AttemptStage.Tls, null));
                receivers.Report(verdict, destination, one, null);
                continue;
            }

            if (one.IsQmtp && (verdict.Demand.Policy.Level > TlsLevel.May
                || verdict.Demand.RequireTls))
            {
                continue; // QMTP has no TLS; SMTP is next.
            }

            // Another address of the same host may be faster; the verdict holds for it, too.
            if (await Dialer.OpenAsync(target.Hosts, walk, way.Destination, stop)
                is not { } dialed)
            {
                continue;
            }

            one = target.Hosts[dialed.Place];
            SmtpLink? link = one.IsQmtp
                ? NewLink(dialed.Socket!, one.EndPoint, one.Name, KeyOf(verdict), way,
                    dialed.Source, isQmtp: true)
                : await GreetAsync(one, dialed, verdict, walk, way, stop);
            if (link is not null)
            {
                NoteServing(walk, dialed.Place, one.EndPoint.Address);
                if (secret is null || await _login.RunAsync(
                    link, secret.At(one.RelayName, one.EndPoint.Port), walk, stop))
                {
                    return link;
                }
            }

            walk.At -= dialed.Place == walk.At ? 0 : 1; // The slower one may serve.
        }

        return null;
    }

    private bool IsToTry(RemoteHost one, AddressWalk walk) =>
        !walk.IsTried(walk.At, one) && !walk.HasLeft(one)
        && !memory.ShouldSkip(one.EndPoint.Address)
        && !(one.IsQmtp && memory.Qmtp.Fails(one.EndPoint.Address));

    /// <summary>The key of a connection. One that was opened for a message that prefers delivery to
    /// TLS is shared only by such messages, in any protocol.</summary>
    private string KeyOf(HostVerdict verdict) => verdict.IsLax ? Key + " lax" : Key;

    /// <summary>Opens a session at a Unix socket, which is the only address. Nothing is remembered
    /// about it.</summary>
    private async Task<SmtpLink?> OpenSocketAsync(
        string path, AddressWalk walk, DestinationRule rule, CancellationToken stop)
    {
        Socket? socket = null;
        walk.NoteTried(0);
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
                'Z', $"Sorry, I wasn't able to connect to {path}: {why}. (#4.4.1)\n").At(
                AttemptStage.Connect, new AttemptServer(path, "", "", AttemptFlags.None)));
            return null;
        }

        SmtpLink link = NewLink(
            socket, new IPEndPoint(IPAddress.None, 0), "", Key, new Way("", rule));
        SmtpOpening opening = new(link, settings, destination.Demand);
        RemoteReport? failure =
            await TryGreetAsync(link, opening, "", avoidTls: false, stop);
        if (failure is null)
        {
            return link;
        }

        walk.Fail(failure.At(opening.Stage, link.Server));
        return null;
    }

    private SmtpLink NewLink(
        Socket socket, IPEndPoint server, string host, string key, Way way,
        IPAddress? source = null, bool isQmtp = false) =>
        new(SmtpConnection.OverSocket(socket, settings.RemoteTimeout), server.Address, key,
            clock.GetUtcNow())
        {
            Host = host,
            Port = server.Port,
            Ip = destination.Relay?.SocketPath ?? server.Address.ToString(),
            IsLmtp = destination.Relay?.IsLmtp == true,
            IsQmtp = isQmtp,
            Generation = generation,
            Rule = way.Rule,
            Destination = way.Destination,
            Source = source,
            Helo = settings.HeloHosts.Find((socket.LocalEndPoint as IPEndPoint)?.Address),
            IdleLimit = way.Rule.IdleSeconds is { } seconds
                ? TimeSpan.FromSeconds(seconds) : settings.IdleTimeout,
        };

    private async Task LimitedAsync(
        Func<CancellationToken, ValueTask> connect, CancellationToken stop)
    {
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.ConnectTimeout);
        await connect(limit.Token);
    }

    private static RemoteReport NoPlace() => RemoteReport.Of('Z',
        "Sorry, I have as many connections to that destination as it may get. (#4.4.5)\n");

    private Task<RemoteTarget> TargetAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_target is null)
            {
                receivers.Begin(destination);
                TargetFinder finder = new(
                    dns, settings.Own, settings.UsesMxps, memory.Interfaces);
                _target = finder.FindAsync(destination.Host, destination.Relay, stop);
            }

            return _target;
        }
    }

    /// <summary>Notes that an address serves. Addresses that did not serve are remembered like
    /// those that do not answer, but only because this one took their place: the only address of a
    /// destination is tried each time.</summary>
    private void NoteServing(AddressWalk walk, int place, IPAddress address)
    {
        if (!walk.IsForRecipients)
        {
            int best = walk.At;
            while (best < place && walk.IsTried(best))
            {
                best++;
            }

            Volatile.Write(ref _best, best);
        }

        foreach (IPAddress passed in walk.DrainPassed())
        {
            memory.NoteTimeout(passed);
        }

        memory.NoteAnswer(address);
    }

    /// <summary>Opens a session with TLS. If TLS fails and plain text is allowed, opens a second
    /// connection in plain text.</summary>
    private async Task<SmtpLink?> GreetAsync(
        RemoteHost host, Dialed dialed, HostVerdict verdict, AddressWalk walk, Way way,
        CancellationToken stop)
    {
        try
        {
            return await GreetAsync(host, dialed, verdict, avoidTls: false, walk, way, stop);
        }
        catch (TlsFailedException e)
        {
            if (await Dialer.ConnectToAsync(host, dialed.Place, walk, way.Destination, stop)
                is { } again)
            {
                return await GreetAsync(host, again, verdict, avoidTls: true, walk, way, stop);
            }

            string ip = host.EndPoint.Address.ToString();
            walk.Fail(RemoteReport.Of('Z',
                $"Connected to {ip} but TLS failed: {e.Message} (#4.7.5)\n").At(
                AttemptStage.Tls,
                new AttemptServer(host.Name, ip, "", AttemptFlags.ReachedServer)));
            return null;
        }
    }

    /// <summary>Null if there is no session; the walk records why. A failure is remembered for the
    /// address only if it affects all mail. Otherwise a domain that names another's hosts, and
    /// requires a certificate of its own, could keep all mail from them.</summary>
    private async Task<SmtpLink?> GreetAsync(
        RemoteHost host, Dialed dialed, HostVerdict verdict, bool avoidTls, AddressWalk walk,
        Way way, CancellationToken stop)
    {
        Socket socket = dialed.Socket!;
        IPAddress? own = (socket.LocalEndPoint as IPEndPoint)?.Address;
        SmtpLink link = NewLink(
            socket, host.EndPoint, host.Name, KeyOf(verdict), way, dialed.Source);
        SmtpOpening opening = new(link, settings, verdict.Demand);
        RemoteReport? failure = await TryGreetAsync(
            link, opening, host.Name, avoidTls, stop, mayBeUs: !host.IsRelay, Report);
        if (failure is null)
        {
            return link;
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

        void Report()
        {
            if (!avoidTls) // A session without TLS was already reported.
            {
                receivers.Report(verdict, destination, host, opening, own);
            }
        }
    }

    /// <summary>Opens the session, or closes the link and returns why there is none.</summary>
    /// <param name="link">The connection.</param>
    /// <param name="opening">The exchange that opens the session.</param>
    /// <param name="name">The server's name.</param>
    /// <param name="avoidTls">Whether TLS was tried before and failed.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <param name="mayBeUs">Whether it was found by MX, so that it may be this host.</param>
    /// <param name="report">Called when it is known how TLS began.</param>
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
        catch (IOException e)
        {
            link.Dispose();
            return RemoteReport.Of(
                'Z', $"Connected to {link.Ip} but connection died. (#4.4.2)\n" + link.Died(e));
        }
    }

    /// <param name="Destination">The destination's name.</param>
    /// <param name="Rule">Its rule.</param>
    private readonly record struct Way(string Destination, DestinationRule Rule);
}
