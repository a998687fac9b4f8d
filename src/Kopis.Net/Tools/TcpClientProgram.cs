using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net;

/// <summary><c>tcpclient HOST PORT PROGRAM</c>: connects, and becomes the program with the
/// connection on descriptors 6 and 7 (contract §12.4).</summary>
public static class TcpClientProgram
{
    private const int ReadNumber = 6;
    private const int WriteNumber = 7;

    /// <summary>Returns only by throwing.</summary>
    public static int Run(ProgramContext context)
    {
        TcpClientOptions options = TcpClientOptions.Parse(context);
        using Socket socket = Connect(options);
        socket.NoDelay = options.NoDelay;
        ByteEnvironment environment = new(context.Environment);
        SetPeer(environment, options, socket, FactsOf(context, options, socket));
        string program = LogText.Safe(options.Program[0]);
        if (ProgramPath.Find(environment, options.Program[0]) is not { } path)
        {
            throw new ConfigurationException($"unable to run {program}: it is not in PATH");
        }

        try
        {
            int fd = (int)socket.SafeHandle.DangerousGetHandle();
            Fd.SetNonBlocking(fd, on: false);
            Fd.DuplicateTo(fd, ReadNumber);
            Fd.DuplicateTo(fd, WriteNumber);
            Processes.Exec(path, options.Program, environment);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to run {program}: {e.Message}", e);
        }

        return ExitCode.Temporary;
    }

    /// <summary>Connects to the first address of the host that answers: each has a short time, and
    /// where there are several the longer one afterwards.</summary>
    /// <exception cref="ConfigurationException">None does.</exception>
    internal static Socket Connect(TcpClientOptions options)
    {
        IPAddress[] addresses = Resolve(options.Host);
        int port = ListenAddress.Port(options.Port);
        (int first, int second) = options.ConnectSeconds;
        int[] rounds = addresses.Length == 1 ? [first + second] : [first, second];
        string reason = "";
        foreach (int seconds in rounds)
        {
            foreach (IPAddress address in addresses)
            {
                if (TryConnect(options, address, port, seconds, out reason) is { } socket)
                {
                    if (options.IsVerbose)
                    {
                        Complain($"tcpclient: connected to {address} port {port}\n");
                    }

                    return socket;
                }
            }
        }

        string text = $"unable to connect to {addresses[^1]} port {port}: {reason}";
        throw new ConfigurationException(text);
    }

    private static Socket? TryConnect(
        TcpClientOptions options, IPAddress address, int port, int seconds, out string reason)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Bind(socket, options, address);
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(seconds));
            socket.ConnectAsync(new IPEndPoint(address, port), limit.Token).AsTask()
                .GetAwaiter().GetResult();
            reason = "";
            return socket;
        }
        catch (SocketException e)
        {
            reason = e.Message.ToLowerInvariant();
        }
        catch (OperationCanceledException)
        {
            reason = "timed out";
        }

        socket.Dispose();
        return null;
    }

    private static void Bind(Socket socket, TcpClientOptions options, IPAddress address)
    {
        int port = ListenAddress.Port(options.LocalPort);
        if (options.LocalIp is null && port == 0)
        {
            return;
        }

        IPAddress any = address.AddressFamily == AddressFamily.InterNetwork
            ? IPAddress.Any
            : IPAddress.IPv6Any;
        IPAddress? local = null;
        bool valid = options.LocalIp is null || IPAddress.TryParse(options.LocalIp, out local);
        socket.Bind(new IPEndPoint(
            valid ? local ?? any : throw new ConfigurationException(
                $"{options.LocalIp} is not an IP address", ExitCode.Permanent), port));
    }

    private static IPAddress[] Resolve(string host)
    {
        if (host is "" or "0")
        {
            return [IPAddress.Loopback];
        }

        if (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? literal))
        {
            return [literal];
        }

        try
        {
            return Dns.GetHostAddresses(host) is { Length: > 0 } found
                ? found
                : throw new ConfigurationException($"no IP address for {host}");
        }
        catch (SocketException e)
        {
            throw new ConfigurationException($"no IP address for {host}: {e.Message}", e);
        }
    }

    private static PeerFacts FactsOf(
        ProgramContext context, TcpClientOptions options, Socket socket)
    {
        PeerQuestions questions = options.Questions;
        return questions is { Names: false, Info: false } ? default
            : new PeerLookup(MailDns.Read(context)).FindAsync(
                (IPEndPoint)socket.LocalEndPoint!, (IPEndPoint)socket.RemoteEndPoint!,
                questions, CancellationToken.None).GetAwaiter().GetResult();
    }

    private static void SetPeer(
        ByteEnvironment environment, TcpClientOptions options, Socket socket, PeerFacts facts)
    {
        IPEndPoint local = (IPEndPoint)socket.LocalEndPoint!;
        IPEndPoint remote = (IPEndPoint)socket.RemoteEndPoint!;
        environment.SetText("PROTO", "TCP");
        environment.SetText("TCPLOCALIP", local.Address.ToString());
        environment.SetText("TCPLOCALPORT", local.Port.ToString(CultureInfo.InvariantCulture));
        environment["TCPLOCALHOST"] =
            options.LocalName is { } name ? Encoding.Latin1.GetBytes(name) : facts.LocalHost;
        environment.SetText("TCPREMOTEIP", remote.Address.ToString());
        environment.SetText("TCPREMOTEPORT", remote.Port.ToString(CultureInfo.InvariantCulture));
        environment["TCPREMOTEHOST"] = facts.RemoteHost;
        environment["TCPREMOTEINFO"] = facts.RemoteInfo;
    }

    private static void Complain(string text) => Fd.WriteAll(2, Encoding.Latin1.GetBytes(text));
}
