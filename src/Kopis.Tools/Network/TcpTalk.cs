using System.Buffers;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary>Small programs that open one connection: <c>mconnect</c>, <c>tcpcat</c>, <c>who@</c>,
/// <c>date@</c>, <c>finger@</c>, <c>http@</c> (contract §12.4).</summary>
public static class TcpTalk
{
    /// <summary><c>mconnect [HOST [PORT]]</c>: sends what a person types to an SMTP server, with
    /// CRs added.</summary>
    public static int Mconnect(ProgramContext context)
    {
        using Socket socket = Connect(context, Word(context, 0, "0"), Word(context, 1, "25"));
        int fd = (int)socket.SafeHandle.DangerousGetHandle();
        Fd.SetNonBlocking(fd, on: false);
        Thread typing = new(() =>
        {
            try
            {
                LineEnds.Copy(0, fd, LineEnds.Add());
                Fd.ShutdownWrite(fd);
            }
            catch (Exception e) when (e is ConfigurationException or PosixException)
            {
                // The server has disconnected; its last output is still being copied.
            }
        })
        { IsBackground = true };
        typing.Start();
        return LineEnds.Copy(fd, 1, LineEnds.Delete());
    }

    /// <summary><c>tcpcat HOST PORT</c>: prints what a server sends, unchanged.</summary>
    public static int Tcpcat(ProgramContext context) => Fetch(
        context, Word(context, 0, "0"), Word(context, 1, "17"), "", (block, to) => to.Write(block));

    /// <summary><c>who@ [HOST]</c>: port 11, systat.</summary>
    public static int Who(ProgramContext context) => Fetch(
        context, Word(context, 0, "0"), "11", "", Visible());

    /// <summary><c>date@ [HOST]</c>: port 13, daytime.</summary>
    public static int Date(ProgramContext context) => Fetch(
        context, Word(context, 0, "0"), "13", "", Visible());

    /// <summary><c>finger@ [USER@]HOST</c>, or <c>HOST USER</c>: port 79.</summary>
    public static int Finger(ProgramContext context)
    {
        string host = Word(context, 0, "0");
        string user = Word(context, 1, "");
        TextAddress address = new(host);
        if (address.HasAt)
        {
            (user, host) = (address.Local.ToString(), address.Domain.ToString());
        }

        return Fetch(context, host, "79", user + "\r\n", Visible());
    }

    /// <summary><c>http@ [HOST [URI [PORT]]]</c>: fetches a page by HTTP/1.0, and prints it without
    /// its header.</summary>
    public static int Http(ProgramContext context)
    {
        string host = Word(context, 0, "0");
        string port = Word(context, 2, "80");
        string request =
            $"GET /{Word(context, 1, "")} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n";
        return Fetch(context, host, port, request, AfterHeader());
    }

    private static LineEnds.Transform AfterHeader()
    {
        List<byte> head = [];
        bool inBody = false;
        return (block, to) =>
        {
            if (inBody)
            {
                to.Write(block);
                return;
            }

            head.AddRange(block);
            byte[] all = [.. head];
            int end = all.AsSpan().IndexOf("\n\r\n"u8);
            int skip = end < 0 ? 0 : end + 3;
            if (end < 0 && (end = all.AsSpan().IndexOf("\n\n"u8)) >= 0)
            {
                skip = end + 2;
            }

            if (skip > 0)
            {
                inBody = true;
                to.Write(all.AsSpan(skip));
            }
        };
    }

    private static string Word(ProgramContext context, int index, string otherwise) =>
        context.Arguments.Count > index ? RawText.Of(context.Arguments[index]) : otherwise;

    private static Socket Connect(ProgramContext context, string host, string port)
    {
        try
        {
            return TcpClientProgram.Connect(context, TcpClientOptions.Of(host, port));
        }
        catch (ConfigurationException e)
        {
            throw e.By("tcpclient");
        }
    }

    private static int Fetch(
        ProgramContext context, string host, string port, string request,
        LineEnds.Transform transform)
    {
        if (request.AsSpan(0, Math.Max(0, request.Length - 2)).Contains('\0'))
        {
            throw new ConfigurationException("a NUL cannot be sent", ExitCode.Permanent);
        }

        using Socket socket = Connect(context, host, port);
        int fd = (int)socket.SafeHandle.DangerousGetHandle();
        Fd.SetNonBlocking(fd, on: false);
        Fd.WriteAll(fd, RawText.ToBytes(request));
        return LineEnds.Copy(fd, 1, transform);
    }

    // Escapes bytes as cat -v does, so that a peer cannot control a terminal.
    private static LineEnds.Transform Visible()
    {
        LineEnds.Transform lines = LineEnds.Delete();
        ArrayBufferWriter<byte> plain = new();
        return (block, to) =>
        {
            lines(block, plain);
            foreach (byte b in plain.WrittenSpan)
            {
                WriteVisible(b, to);
            }

            plain.ResetWrittenCount();
        };
    }

    private static void WriteVisible(byte b, IBufferWriter<byte> to)
    {
        if (b is (byte)'\n' or (byte)'\t')
        {
            to.Write([b]);
            return;
        }

        to.Write(b >= 128 ? "M-"u8 : ""u8);
        byte low = (byte)(b & 127);
        to.Write(low is < 32 or 127 ? [(byte)'^', (byte)(low ^ 64)] : [low]);
    }
}
