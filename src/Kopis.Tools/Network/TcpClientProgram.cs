using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Net.Dns;
using Kopis.Net.Listener;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary><c>tcpclient HOST PORT PROGRAM</c>: connects, and becomes the program with the
/// connection on descriptors 6 and 7 (contract §12.4).</summary>
public static class TcpClientProgram
{
    private const int ReadNumber = 6;
    private const int WriteNumber = 7;

    /// <summary>Runs the program; returns only by throwing.</summary>
    public static int Run(ProgramContext context)
    {
        TcpClientOptions options = TcpClientOptions.Parse(context);
        try
        {
            using Socket socket = Connect(context, options);
            socket.NoDelay = options.NoDelay;
            ByteEnvironment environment = new(context.Environment);
            SetPeer(environment, options, socket, FactsOf(context, options, socket));
            int fd = (int)socket.SafeHandle.DangerousGetHandle();
            Fd.SetNonBlocking(fd, on: false);
            Descriptors.Place((fd, ReadNumber), (fd, WriteNumber));
            Successor.Run(environment, options.Program);
        }
        catch (ConfigurationException e) when (options.Verbosity == 0)
        {
            throw e.Silenced();
        }

        return ExitCode.Temporary;
    }

    /// <summary>Connects to the first address of the host that answers. Each address gets a short
    /// time; if there are several, those that did not answer get a longer time in a second round.
    /// </summary>
    /// <exception cref="ConfigurationException">No address answers.</exception>
    internal static Socket Connect(ProgramContext context, TcpClientOptions options)
    {
        int port = ListenAddress.Port(options.Port);
        IPAddress[] addresses = options.Host is "" or "0"
            ? [IPAddress.Loopback]
            : HostAddresses.Find(context, options.Host);
        (int first, int second) = options.ConnectSeconds;
        (first, second) = addresses.Length == 1 ? (first + second, 0) : (first, second);
        string last = "";
        foreach (bool isSecond in (bool[])[false, true])
        {
            int seconds = isSecond ? second : first;
            List<IPAddress> silent = [];
            foreach (IPAddress address in addresses)
            {
                if (TryConnect(options, address, port, seconds, out int errno) is { } socket)
                {
                    if (options.Verbosity > 1)
                    {
                        Complain($"tcpclient: connected to {address} port {port}\n");
                    }

                    return socket;
                }

                if (errno == Errno.TimedOut && second > 0 && !isSecond)
                {
                    silent.Add(address);
                    continue;
                }

                // The caller reports the last error.
                if (last.Length > 0 && options.Verbosity > 0)
                {
                    Complain($"tcpclient: {last}\n");
                }

                last = $"unable to connect to {address} port {port}: {ErrorText.Of(errno)}";
            }

            addresses = [.. silent];
        }

        throw new ConfigurationException(last) { Label = "" };
    }

    private static Socket? TryConnect(
        TcpClientOptions options, IPAddress address, int port, int seconds, out int errno)
    {
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Bind(socket, options, address);
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(seconds));
            socket.ConnectAsync(new IPEndPoint(address, port), limit.Token).AsTask()
                .GetAwaiter().GetResult();
            errno = 0;
            return socket;
        }
        catch (SocketException e)
        {
            errno = e.NativeErrorCode;
        }
        catch (OperationCanceledException)
        {
            errno = Errno.TimedOut;
        }

        socket.Dispose();
        return null;
    }

    private static void Bind(Socket socket, TcpClientOptions options, IPAddress address)
    {
        if (options.LocalIp is null && options.LocalPort == 0)
        {
            return;
        }

        IPAddress any = address.AddressFamily == AddressFamily.InterNetwork
            ? IPAddress.Any
            : IPAddress.IPv6Any;
        try
        {
            socket.Bind(new IPEndPoint(options.LocalIp ?? any, options.LocalPort));
        }
        catch (SocketException e)
        {
            throw new ConfigurationException($"unable to bind socket: {ErrorText.Of(e)}", e);
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
        environment["TCPLOCALHOST"] = options.LocalName ?? facts.LocalHost;
        environment.SetText("TCPREMOTEIP", remote.Address.ToString());
        environment.SetText("TCPREMOTEPORT", remote.Port.ToString(CultureInfo.InvariantCulture));
        environment["TCPREMOTEHOST"] = facts.RemoteHost;
        environment["TCPREMOTEINFO"] = facts.RemoteInfo;
    }

    private static void Complain(string text)
    {
        try
        {
            Fd.WriteAll(2, ByteText.ToBytes(text));
        }
        catch (PosixException)
        {
            // Without a log the line is lost; the connection matters more.
        }
    }
}
