using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net.Dns;
using Kopis.Net.Proxy;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>
/// The connections of one tcpserver: how many, from whom, and each from accept to end.
/// </summary>
[SuppressMessage(
    "Design", "CA1001", Justification = "Sessions may outlive the loop; then the process ends.")]
internal sealed class TcpSessions
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    private const int TidyUpSessions = 1000;

    /// <summary>The rule for a client's address alone.</summary>
    /// <param name="Rules">Those it is of; null if there are none.</param>
    /// <param name="Rule">Null if there is none for it.</param>
    /// <param name="Questions">What is to be found out about the client.</param>
    private readonly record struct AddressRule(
        TcpRules? Rules, TcpRule? Rule, PeerQuestions Questions)
    {
        /// <summary>Whether nothing that is found out can lead to another rule.</summary>
        internal bool IsFinal => Questions is { Names: false, Info: false };
    }

    private readonly ProgramContext _context;
    private readonly TcpServerOptions _options;
    private readonly ISessionHandler? _handler;
    private readonly bool _isInline; // Sessions need no thread but that which accepts them.
    private readonly ChildReaper? _reaper;
    private readonly Reloading<TcpRules>? _rules;
    private readonly PeerLookup _lookup;
    private readonly ProxyClients _proxies;
    private readonly TcpServerLog _log;
    private readonly SemaphoreSlim _slots;
    private readonly TaskCompletionSource _allEnded =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly ConnectionLimits _limits;
    private long _last;
    private int _sessions;
    private int _mostSessions; // When garbage was last collected.

    internal TcpSessions(
        ProgramContext context, TcpServerOptions options, ISessionHandler? handler,
        ChildReaper? reaper, bool isInline)
    {
        _lookup = new PeerLookup(MailDns.Read(context));
        _context = context;
        _options = options;
        _handler = handler;
        _isInline = isInline && handler is not null;
        _reaper = reaper;
        _log = new TcpServerLog(options.Verbosity);
        _slots = new SemaphoreSlim(options.Limit);
        ControlDirectory control = ControlDirectory.Of(context);
        _proxies = new ProxyClients(control, line => _log.Warn("proxy without a client", line));
        _limits = new ConnectionLimits(control, options.LimitPerAddress);
        if (options.RulesFile is { } file)
        {
            _rules = new Reloading<TcpRules>([file], () => LoadRules(file), TimeProvider.System);
            _ = _rules.Current(); // Rules that cannot be read stop the start.
        }
    }

    /// <summary>Connections that are open.</summary>
    internal int Count => Volatile.Read(ref _sessions);

    /// <summary>Notices that they are not served; null: nobody does.</summary>
    internal SocketWatch? Watch { get; set; }

    /// <summary>Accepts until stopped, then gives sessions at work a little time.</summary>
    /// <param name="listener">The port; closed after that.</param>
    /// <param name="over">Ends that time.</param>
    /// <param name="stop">Ends the listening.</param>
    internal async Task RunAsync(Socket listener, Task over, CancellationToken stop)
    {
        _log.Status(0, _options.Limit);
        try
        {
            while (true)
            {
                // At the limit nothing is accepted: the kernel's backlog is the queue.
                await _slots.WaitAsync(stop);
                Socket? socket = await TryAcceptAsync(listener, stop);
                if (socket is null)
                {
                    _slots.Release();
                    continue;
                }

                long number = ++_last;
                int sessions = Interlocked.Increment(ref _sessions);
                Watch?.Touch();
                ErrorLog.Watch(_isInline
                    ? ServeAsync(socket, number, stop)
                    : Task.Run(() => ServeAsync(socket, number, stop), default));
                TidyUpAfter(sessions);
            }
        }
        catch (OperationCanceledException)
        {
            listener.Close();
        }

        if (_handler is not null && Volatile.Read(ref _sessions) > 0)
        {
            await Task.WhenAny(_allEnded.Task, over);
        }
    }

    // Sessions that stay leave the garbage of their beginnings, a third of what they keep, until
    // memory is short, which a listener's never is. So it goes when there are many more than ever.
    private void TidyUpAfter(int sessions)
    {
        if (_handler is not null && sessions >= _mostSessions + TidyUpSessions)
        {
            _mostSessions = sessions;
            GC.Collect(
                GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    private async Task<Socket?> TryAcceptAsync(Socket listener, CancellationToken stop)
    {
        try
        {
            return await listener.AcceptAsync(stop);
        }
        catch (SocketException e)
        {
            // The peer gave up, or we are out of descriptors: sessions that end make room.
            _log.Warn("unable to accept", $"unable to accept: {ErrorText.Of(e)}");
            if (e.SocketErrorCode == SocketError.TooManyOpenSockets)
            {
                await Task.Delay(AcceptPause, stop);
            }

            return null;
        }
    }

    private async Task ServeAsync(Socket socket, long number, CancellationToken stop)
    {
        bool isLogged = false;
        try
        {
            using (socket)
            {
                if (TryPrepare(socket, out IPEndPoint? remote, out IPEndPoint? local)
                    && await _proxies.ReadAsync(socket, remote, local, stop) is { } ends)
                {
                    isLogged = await AdmitPeerAsync(
                        socket, ends.Remote, ends.Local, number, stop);
                }
            }
        }
        catch (Exception e) when (
            e is not (OutOfMemoryException or OperationCanceledException))
        {
            // Nobody awaits this: said here or never.
            _log.Warn("crashed sessions", $"session {number} crashed: {ErrorLog.Of(e)}");
        }
        finally
        {
            int left = Interlocked.Decrement(ref _sessions);
            if (isLogged)
            {
                _log.Status(left, _options.Limit);
            }

            _slots.Release();
            if (left == 0 && stop.IsCancellationRequested)
            {
                _allEnded.TrySetResult();
            }
        }
    }

    // False: the peer was gone before it was served.
    private bool TryPrepare(
        Socket socket,
        [NotNullWhen(true)] out IPEndPoint? remote,
        [NotNullWhen(true)] out IPEndPoint? local)
    {
        remote = local = null;
        try
        {
            remote = PlainAddress.Of((IPEndPoint)socket.RemoteEndPoint!);
            local = PlainAddress.Of((IPEndPoint)socket.LocalEndPoint!);

            // Our own sessions answer in whole batches; waiting to join them gains nothing.
            socket.NoDelay = _options.NoDelay || _handler is not null;
            if (!_options.KeepSourceRoute && local.AddressFamily == AddressFamily.InterNetwork)
            {
                IpOptions.Forget((int)socket.SafeHandle.DangerousGetHandle());
            }

            return true;
        }
        catch (Exception e) when (e is SocketException or PosixException)
        {
            return false;
        }
    }

    // Gives the client a place, where it may have one more. The result is whether it was logged:
    // of clients that are refused by their address there may be thousands a second.
    private async ValueTask<bool> AdmitPeerAsync(
        Socket socket, IPEndPoint remote, IPEndPoint local, long number, CancellationToken stop)
    {
        ByteEnvironment environment = EnvironmentFor(remote, local);
        int sessions = Volatile.Read(ref _sessions);
        AddressRule found;
        try
        {
            found = FindByAddress(environment);
            if (!_limits.TryEnter(
                remote.Address, environment, found.Rule, _options.Limit - sessions + 1))
            {
                Refuse(socket, remote.Address, environment);
                return false;
            }
        }
        catch (Exception e) when (e is ConfigurationException or InvalidDataException)
        {
            _log.Warn("dropping connection", $"dropping connection, {Reason(e)}");
            return false;
        }

        try
        {
            bool isLogged = found is not { Rule.Denies: true, IsFinal: true }
                || _log.Admits("denied connections");
            if (isLogged)
            {
                _log.Status(sessions, _options.Limit);
                await ServePeerAsync(socket, environment, found, remote, local, number, stop);
            }

            return isLogged;
        }
        finally
        {
            _limits.Leave(remote.Address);
        }
    }

    private AddressRule FindByAddress(ByteEnvironment environment)
    {
        TcpRules? rules = _rules?.Current();
        return new AddressRule(
            rules, rules?.Find(environment["TCPREMOTEIP"]!, host: null, info: null),
            _options.QuestionsFor(rules));
    }

    // In the words of its protocol, if they are known. It does not wait for the client.
    private void Refuse(Socket socket, IPAddress remote, ByteEnvironment environment)
    {
        _log.Warn(
            "refused connections",
            $"refused connection, too many from {remote} or its network");
        try
        {
            if (_handler?.TooManyConnections(environment) is { IsEmpty: false } words)
            {
                socket.Send(words.Span, SocketFlags.None, out _);
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // It has gone.
        }
    }

    private async Task ServePeerAsync(
        Socket socket, ByteEnvironment environment, AddressRule found, IPEndPoint remote,
        IPEndPoint local, long number, CancellationToken stop)
    {
        try
        {
            if (_handler is not null)
            {
                _log.From(number, remote.Address);
            }

            bool admitted = await AdmitAsync(socket, environment, found, remote, local, stop);
            if (admitted && _handler is null)
            {
                await RunProcessAsync(socket, environment, remote.Address);
                return;
            }

            if (_handler is null)
            {
                _log.From(number, remote.Address);
            }

            _log.Decision(number, !admitted, environment);
            _log.End(number, (admitted
                ? await RunSessionAsync(socket, environment, remote, local, number, stop)
                : ExitCode.Permanent) << 8);
        }
        catch (Exception e) when (e is SocketException || stop.IsCancellationRequested)
        {
            // It broke before it was served, or the listener ended before.
        }
    }

    // Greets, finds out who it is where the rules or options want that, and obeys the rules.
    private async Task<bool> AdmitAsync(
        Socket socket, ByteEnvironment environment, AddressRule found, IPEndPoint remote,
        IPEndPoint local, CancellationToken stop)
    {
        try
        {
            if (_options.Banner.Length > 0)
            {
                await socket.SendAsync(_options.Banner, stop);
            }

            TcpRule? rule = found.Rule;
            if (!found.IsFinal)
            {
                PeerFacts facts = await _lookup.FindAsync(local, remote, found.Questions, stop);
                if (found.Questions is { Names: true, LocalIsKnown: false })
                {
                    environment["TCPLOCALHOST"] = facts.LocalHost;
                }

                environment["TCPREMOTEHOST"] = facts.RemoteHost;
                environment["TCPREMOTEINFO"] = facts.RemoteInfo;
                rule = found.Rules?.Find(
                    environment["TCPREMOTEIP"]!, facts.RemoteHost, facts.RemoteInfo);
            }

            rule?.ApplyTo(environment);
            return rule is not { Denies: true };
        }
        catch (Exception e) when (e is ConfigurationException or InvalidDataException)
        {
            _log.Warn("dropping connection", $"dropping connection, {Reason(e)}");
            return false;
        }
    }

    private async Task<int> RunSessionAsync(
        Socket socket, ByteEnvironment environment, IPEndPoint remote, IPEndPoint local,
        long number, CancellationToken stop)
    {
        await using Connection connection =
            Connection.OverSocket(
                socket, environment, TimeProvider.System, number, remote,
                (address, host) => EnvironmentOf(address, host, local));
        try
        {
            return await _handler!.RunAsync(connection, stop);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A fault of ours. With a process for each connection it would end this session alone;
            // so it does here, and is told in full.
            _log.Warn("crashed sessions", $"session {number} crashed: {ErrorLog.Of(e)}");
            return ExitCode.Temporary;
        }
    }

    // As it would be for another client; null if our rules deny that.
    private ByteEnvironment? EnvironmentOf(IPAddress client, byte[]? host, IPEndPoint local)
    {
        ByteEnvironment environment = EnvironmentFor(new IPEndPoint(client, 0), local);
        environment["TCPREMOTEHOST"] = host;
        try
        {
            TcpRule? rule =
                _rules?.Current().Find(environment["TCPREMOTEIP"]!, host, info: null);
            rule?.ApplyTo(environment);
            return rule is { Denies: true } ? null : environment;
        }
        catch (Exception e) when (e is ConfigurationException or InvalidDataException)
        {
            _log.Warn("dropping connection", $"dropping connection, {Reason(e)}");
            return null;
        }
    }

    private async Task RunProcessAsync(
        Socket socket, ByteEnvironment environment, IPAddress remote)
    {
        int pid;
        try
        {
            int fd = (int)socket.SafeHandle.DangerousGetHandle();
            Fd.SetNonBlocking(fd, on: false);
            pid = new ProcessStart
            {
                Path = ProgramPath.Find(environment, _options.Chain[0], out int errno)
                    ?? throw new PosixException("find a program", errno),
                Arguments = _options.Chain,
                Environment = environment,
                Descriptors = new Dictionary<int, int> { [0] = fd, [1] = fd },
            }.Start();
        }
        catch (Exception e) when (e is PosixException or SocketException)
        {
            string program = RawText.Of(_options.Chain[0]);
            _log.Warn(
                "dropping connection",
                $"dropping connection, unable to run {program}: {ErrorText.Of(e)}");
            return;
        }

        socket.Dispose(); // The child's alone from here: its end must be the connection's end.
        _log.From(pid, remote);
        _log.Decision(pid, denied: false, environment);
        WaitStatus status = await _reaper!.WaitAsync(pid);
        _log.End(pid, status.Raw);
    }

    private ByteEnvironment EnvironmentFor(IPEndPoint remote, IPEndPoint local)
    {
        ByteEnvironment environment = new(_context.Environment);
        environment["PROTO"] = "TCP"u8.ToArray();
        environment.SetText("TCPLOCALIP", local.Address.ToString());
        environment.SetText("TCPLOCALPORT", $"{local.Port}");
        environment["TCPLOCALHOST"] =
            _options.LocalHost is { } name ? RawText.ToBytes(name) : null;
        environment.SetText("TCPREMOTEIP", remote.Address.ToString());
        environment.SetText("TCPREMOTEPORT", $"{remote.Port}");
        environment["TCPREMOTEHOST"] = null;
        environment["TCPREMOTEINFO"] = null;
        return environment;
    }

    private TcpRules LoadRules(string file)
    {
        string path = Path.GetFullPath(file);
        byte[]? image = ControlDirectory.ReadCdbAt(path);
        return image is not null ? new TcpRules(image)
            : _options.AllowWithoutRules ? new TcpRules(new CdbWriter().ToArray())
            : throw new ConfigurationException($"unable to read {file}: file does not exist");
    }

    private string Reason(Exception e) => e is InvalidDataException
        ? $"unable to read {_options.RulesFile}: {ErrorText.Of(Errno.Protocol)}"
        : e.Message;
}
