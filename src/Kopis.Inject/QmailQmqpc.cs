using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Inject;

/// <summary><c>qmail-qmqpc</c>: used instead of qmail-queue, hands the message to another host's
/// qmail-qmqpd (contract §9.3). Once a server has accepted the connection no other is tried.
/// </summary>
public static class QmailQmqpc
{
    private const int Port = 628;
    private const int ReplyBytesMax = 1000;
    private const int NoServers = 55;
    private const int Refused = 31;
    private const int Deferred = 71;
    private const int ConnectTimeout = 72;
    private const int ConnectRefused = 73;
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs the program; prints nothing.</summary>
    public static int Run(ProgramContext context)
    {
        if (!Directory.Exists(context.Home))
        {
            return QueueCode.HomeMissing;
        }

        try
        {
            List<IPAddress> servers = Servers(ControlDirectory.Of(context));
            if (servers.Count == 0)
            {
                return NoServers;
            }

            ArrayBufferWriter<byte> request = new();
            int code = ReadRequest(request);
            return code != 0 ? code : Submit(servers, request);
        }
        catch (ConfigurationException)
        {
            return NoServers;
        }
        catch (PosixException)
        {
            return QueueCode.ReadError;
        }
    }

    /// <summary>Lines that are not an IPv4 address are skipped, as in qmail.</summary>
    private static List<IPAddress> Servers(ControlDirectory control)
    {
        List<IPAddress> servers = [];
        foreach (byte[] line in control.ReadList(HostFiles.QmqpServers) ?? [])
        {
            if (IPAddress.TryParse(ByteText.ToText(line), out IPAddress? address)
                && address.AddressFamily == AddressFamily.InterNetwork)
            {
                servers.Add(address);
            }
        }

        return servers;
    }

    private static int ReadRequest(ArrayBufferWriter<byte> request)
    {
        ArrayBufferWriter<byte> content = new();
        byte[] block = new byte[QueueLimits.BlockBytesMax];
        ArrayBufferWriter<byte> message = new();
        int got;
        while ((got = ClientInput.Read(ClientInput.Message, block)) > 0)
        {
            message.Write(block.AsSpan(0, got));
            if (message.WrittenCount > Netstring.LengthMax)
            {
                return QueueCode.OutOfMemory;
            }
        }

        ArrayBufferWriter<byte> envelope = new(1024);
        int code = ClientInput.ReadEnvelope(block, envelope);
        if (code != 0)
        {
            return code;
        }

        Envelope addresses = new(envelope.WrittenMemory);
        Netstring.Write(content, message.WrittenSpan);
        Netstring.Write(content, addresses.Sender.Span);
        foreach (ReadOnlyMemory<byte> recipient in addresses.Recipients)
        {
            Netstring.Write(content, recipient.Span);
        }

        Netstring.Write(request, content.WrittenSpan);
        return 0;
    }

    private static int Submit(List<IPAddress> servers, ArrayBufferWriter<byte> request)
    {
        int code = NoServers;
        foreach (IPAddress server in servers)
        {
            using Socket? socket = Open();
            code = socket is null
                ? QueueCode.NoConnection
                : Connect(socket, new IPEndPoint(server, Port));
            if (socket is not null && code == 0)
            {
                return Talk(socket, request.WrittenMemory);
            }
        }

        return code;
    }

    // Null if no descriptors are left. The runtime first needs two of its own for sockets, and
    // reports their lack only by this exception.
    private static Socket? Open()
    {
        try
        {
            return new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        }
        catch (Exception e) when (e is SocketException or TypeInitializationException)
        {
            return null;
        }
    }

    private static int Connect(Socket socket, IPEndPoint server)
    {
        using CancellationTokenSource patience = new(ConnectPatience);
        try
        {
            socket.ConnectAsync(server, patience.Token).AsTask().GetAwaiter().GetResult();
            return 0;
        }
        catch (OperationCanceledException)
        {
            return ConnectTimeout;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.TimedOut ? ConnectTimeout : ConnectRefused;
        }
    }

    private static int Talk(Socket socket, ReadOnlyMemory<byte> request)
    {
        socket.SendTimeout = socket.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        try
        {
            for (int sent = 0; sent < request.Length;)
            {
                sent += socket.Send(request.Span[sent..]);
            }

            return Judge(socket);
        }
        catch (SocketException)
        {
            return QueueCode.ConnectionLost;
        }
    }

    /// <summary>Reads the answer up to its comma; its first byte decides.</summary>
    private static int Judge(Socket socket)
    {
        NetstringReader reader = default;
        byte[] block = new byte[ReplyBytesMax];
        byte verdict = 0;
        int got;
        while (!reader.IsOver && (got = socket.Receive(block)) > 0)
        {
            for (int at = 0, used = 1; at < got && used > 0; at += used)
            {
                used = reader.Read(block.AsSpan(at, got - at), out ReadOnlySpan<byte> content);
                verdict = verdict == 0 && !content.IsEmpty ? content[0] : verdict;
            }

            if (reader.IsBad || reader.IsTooLong)
            {
                break;
            }
        }

        return !reader.IsOver ? QueueCode.ConnectionLost
            : verdict == (byte)'K' ? 0
            : verdict == (byte)'Z' ? Deferred
            : verdict == (byte)'D' ? Refused
            : QueueCode.ConnectionLost;
    }
}
