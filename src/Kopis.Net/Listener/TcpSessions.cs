using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Net.Dns;
using Kopis.Net.Proxy;
using Kopis.Posix;

namespace Kopis.Net.Listener;

/// <summary>The connections of one tcpserver: how many, from whom, and each from accept to its end.
/// </summary>
[SuppressMessage(
    "Design", "CA1001", Justification = "Sessions may outlive the loop; then the process ends.")]
internal sealed class TcpSessions
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    private const int TidyUpSessions = 1000;

    /// <summary>The rule for a client's address alone.</summary>
    /// <param name="Rules">The rules; null if there are none.</param>
    /// <param name="Rule">The rule; null if there is none for the address.</param>
    /// <param name="Questions">What is to be found out about the client.</param>
    private readonly record struct AddressRule(
        TcpRules? Rules, TcpRule? Rule, PeerQuestions Questions)
    {
        /// <summary>Whether no answer can lead to another rule.</summary>
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

    /// <summary>How many connections are open.</summary>
    internal int Count => Volatile.Read(ref _sessions);

    /// <summary>Notices if connections are not served; null: nobody does.</summary>
    internal SocketWatch? Watch { get; set; }

    /// <summary>Accepts connections until stopped. Working sessions then have a little time.
    /// </summary>
    /// <param name="listener">The port, which is closed then.</param>
    /// <param name="over">Ends that time.</param>
    /// <param name="stop">Ends the accepting.</param>
    internal async Task RunAsync(Socket listener, Task over, CancellationToken stop)
    {
        _log.Status(0, _options.Limit);
        try
        {
            while (true)
            {
                // At the limit nothing is accepted; clients wait in the kernel's backlog.
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

    // Long sessions leave garbage from their beginning, a third of what they keep. It stays until
    // memory is short, which it never is for a listener. So garbage is collected when there are
    // many more sessions than ever before.
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
            // The peer has left, or there are no descriptors: sessions that end free some.
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
            // Nothing awaits this task, so the exception is logged here or never.
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

    // False if the peer has left before it was served.
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

            // Our own sessions send their replies in whole batches, so delaying them gains nothing.
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

    // Counts the client, if it may have another connection. Returns whether it was logged: there
    // may be thousands of clients a second that are refused by their address.
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

    // Replies in the protocol of the chain, if it is known. Does not wait for the client.
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
            // The client has left.
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
            // The connection broke before it was served, or the listener ended before.
        }
    }

    // Sends the banner, finds out who the client is if rules or options need that, and applies the
    // rules.
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
            // This is a bug. With a process for each connection it would end this session alone, so
            // it does the same here. It is logged in full.
            _log.Warn("crashed sessions", $"session {number} crashed: {ErrorLog.Of(e)}");
            return ExitCode.Temporary;
        }
    }

    // The environment for another client; null if our rules deny it.
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

        socket.Dispose(); // Only the child has it now: its end ends the connection.
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
