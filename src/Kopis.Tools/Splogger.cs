using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools;

/// <summary><c>splogger [TAG [FACILITY]]</c>: lines of standard input to syslog (contract §11).
/// </summary>
public static class Splogger
{
    private const string LogSocket = "/dev/log";
    private const int PieceBytesMax = 800;
    private const int FacilityMail = 2;
    private const int FacilityMax = 127;
    private const int Alert = 1;
    private const int Warning = 4;
    private const int Info = 6;

    /// <summary>Runs until the end of its input.</summary>
    public static int Run(ProgramContext context)
    {
        byte[] tag = context.Arguments.Count > 0 ? context.Arguments[0] : "splogger"u8.ToArray();
        int facility = FacilityMail;
        if (context.ArgumentText(1) is { } number
            && (!int.TryParse(number, NumberStyles.None, null, out facility)
                || facility > FacilityMax))
        {
            throw new ConfigurationException(
                "usage: splogger [ tag [ facility ] ]", ExitCode.Permanent);
        }

        using SyslogSocket log = new(LogSocket);
        byte[] block = new byte[64 * 1024];
        LineSplitter lines = new((line, time) => Log(log, tag, facility, line, time));
        int got;
        while ((got = Fd.Read(0, block)) > 0)
        {
            lines.Append(block.AsSpan(0, got), Now());
        }

        lines.End(Now());
        return ExitCode.Success;
    }

    private static DateTimeOffset Now()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return now.ToOffset(LocalTime.OffsetAt(now));
    }

    /// <summary>One datagram in the form of glibc's syslog(3).</summary>
    private static void Log(
        SyslogSocket log, byte[] tag, int facility, ReadOnlySpan<byte> line, LineTime time)
    {
        int level = time.Level ?? (line.StartsWith("warning:"u8) ? Warning
            : line.StartsWith("alert:"u8) ? Alert
            : Info);
        time.Level = level;
        ArrayBufferWriter<byte> text = new(line.Length + 100);
        DateTimeOffset now = time.Now;
        text.Write(ByteText.ToBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"<{(facility << 3) | level}>{now:MMM} {now.Day,2} {now:HH:mm:ss} ")));
        text.Write(tag);
        long seconds = now.ToUnixTimeSeconds();
        text.Write(ByteText.ToBytes(string.Create(
            CultureInfo.InvariantCulture,
            $": {seconds}.{now.Ticks / 10 % 1_000_000:D6}{(time.IsContinued ? '+' : ' ')}")));
        foreach (byte b in line)
        {
            text.GetSpan(1)[0] = b is >= 32 and <= 126 ? b : (byte)'?';
            text.Advance(1);
        }

        log.Send(text.WrittenSpan);
    }

    /// <summary>What the pieces of a long line have in common.</summary>
    private sealed class LineTime
    {
        internal DateTimeOffset Now { get; set; }

        internal int? Level { get; set; }

        internal bool IsContinued { get; set; }
    }

    private delegate void HandleLine(ReadOnlySpan<byte> line, LineTime time);

    private sealed class LineSplitter(HandleLine take)
    {
        private readonly ArrayBufferWriter<byte> _line = new(PieceBytesMax);
        private LineTime _time = new();

        internal void Append(ReadOnlySpan<byte> bytes, DateTimeOffset now)
        {
            foreach (byte b in bytes)
            {
                if (b == (byte)'\n')
                {
                    Give(now);
                    _time = new LineTime();
                    continue;
                }

                if (_line.WrittenCount == PieceBytesMax)
                {
                    Give(now);
                    _time.IsContinued = true;
                }

                _line.Write([b]);
            }
        }

        internal void End(DateTimeOffset now)
        {
            if (_line.WrittenCount > 0)
            {
                Give(now);
            }
        }

        private void Give(DateTimeOffset now)
        {
            if (!_time.IsContinued)
            {
                _time.Now = now;
            }

            take(_line.WrittenSpan, _time);
            _line.ResetWrittenCount();
        }
    }

    /// <summary>The connection to syslogd, opened again after its restart. A line that cannot be
    /// sent is lost, as with syslog(3), because mail must not wait for it.</summary>
    private sealed class SyslogSocket(string path) : IDisposable
    {
        private Socket? _socket;

        internal void Send(ReadOnlySpan<byte> datagram)
        {
            for (int attempt = 0; attempt < 2; attempt++)
            {
                try
                {
                    _socket ??= Connect();
                    _socket.Send(datagram);
                    return;
                }
                catch (SocketException)
                {
                    Dispose();
                }
            }
        }

        public void Dispose()
        {
            _socket?.Dispose();
            _socket = null;
        }

        private Socket Connect()
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
