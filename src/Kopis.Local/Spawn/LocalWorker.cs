using System.Buffers.Binary;
using System.Collections.Concurrent;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>
/// A warm qmail-local and its socket. What it says is believed only for deliveries it was given.
/// One thread writes to it and one reads, so that one user's process can hold up no other's mail.
/// </summary>
internal sealed class LocalWorker
{
    private const int ReportBytesMax = 3000; // Contract §0.
    private static readonly byte[] TooLong = "\nError report too long, sorry.\n"u8.ToArray();

    private readonly int _socket;
    private readonly int _pid;
    private readonly ConcurrentDictionary<uint, Action<Outcome>> _running = [];
    private readonly BlockingCollection<(byte[] Head, byte[] Message, int File)> _requests = [];
    private uint _lastId;

    /// <summary>Starts the process.</summary>
    /// <exception cref="PosixException">It cannot be started.</exception>
    internal LocalWorker(string program, ByteEnvironment environment, ProcessIdentity? identity)
    {
        (_socket, int theirs) = Fd.SocketPair();
        try
        {
            _pid = new ProcessStart
            {
                Path = program,
                Arguments = ["qmail-local"u8.ToArray(), "--serve"u8.ToArray()],
                Environment = environment,
                Directory = "/",
                OwnGroup = true,
                Identity = identity,
                Descriptors = new Dictionary<int, int> { [0] = theirs, [1] = 2, [2] = 2 },
            }.Start();
        }
        catch (PosixException)
        {
            Fd.Close(_socket);
            throw;
        }
        finally
        {
            Fd.Close(theirs);
        }

        new Thread(WriteRequests) { IsBackground = true }.Start();
        new Thread(ReadReplies) { IsBackground = true }.Start();
    }

    /// <summary>Whether it takes no more deliveries.</summary>
    internal bool IsGone { get; private set; }

    internal bool IsIdle => _running.IsEmpty;

    /// <summary>When it was last given something, in milliseconds of uptime.</summary>
    internal long LastUsed { get; private set; } = Environment.TickCount64;

    /// <summary>Hands a delivery over.</summary>
    /// <param name="arguments">The eight arguments.</param>
    /// <param name="message">The message, where it is small.</param>
    /// <param name="file">The file that holds it alone, or minus one; closed when sent.</param>
    /// <param name="done">Takes the outcome, on another thread.</param>
    internal void Deliver(
        LocalArguments arguments, byte[] message, int file, Action<Outcome> done)
    {
        uint id = ++_lastId;
        LastUsed = Environment.TickCount64;
        _running[id] = done;
        byte[] head = LocalChannel.Request(id, arguments, file >= 0 ? -1 : message.Length);
        if (!_requests.IsAddingCompleted)
        {
            _requests.Add((head, message, file));
        }

        if (IsGone)
        {
            FailAll();
        }
    }

    /// <summary>Lets it finish what runs, then end.</summary>
    internal void Close() => _requests.CompleteAdding();

    private void WriteRequests()
    {
        foreach ((byte[] head, byte[] message, int file) in _requests.GetConsumingEnumerable())
        {
            try
            {
                if (!IsGone)
                {
                    FdPassing.Send(_socket, head, file);
                    Fd.WriteAll(_socket, message);
                }
            }
            catch (PosixException)
            {
                IsGone = true;
            }
            finally
            {
                if (file >= 0)
                {
                    Fd.Close(file);
                }
            }
        }

        Fd.ShutdownWrite(_socket);
    }

    private void ReadReplies()
    {
        byte[] head = new byte[LocalChannel.HeadBytes];
        while (TryFill(head))
        {
            uint id = BinaryPrimitives.ReadUInt32LittleEndian(head);
            int code = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4));
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(8));
            if (length > LocalChannel.TextBytesMax)
            {
                break;
            }

            byte[] text = new byte[length];
            if (!TryFill(text))
            {
                break;
            }

            if (_running.TryRemove(id, out Action<Outcome>? done))
            {
                done(Judge(code, text));
            }
        }

        IsGone = true;
        _requests.CompleteAdding();
        FailAll();
        Processes.Wait(_pid);
        Fd.Close(_socket);
    }

    private void FailAll()
    {
        foreach (uint id in _running.Keys)
        {
            if (_running.TryRemove(id, out Action<Outcome>? done))
            {
                done(Outcome.Retry("qmail-local crashed.\n"));
            }
        }
    }

    /// <summary>The report for an exit code (contract §7.2).</summary>
    private static Outcome Judge(int code, byte[] text)
    {
        int nul = text.AsSpan().IndexOf((byte)0);
        byte[] report = nul < 0 ? text : text[..nul];
        if (report.Length > ReportBytesMax)
        {
            report = [.. report[..(ReportBytesMax - TooLong.Length)], .. TooLong];
        }

        Verdict verdict = code switch
        {
            0 => Verdict.Delivered,
            ExitCode.Temporary or 71 or 74 or 75 => Verdict.Retry,
            _ => Verdict.Failed,
        };
        return new Outcome(verdict, report);
    }

    private bool TryFill(Span<byte> to)
    {
        try
        {
            while (!to.IsEmpty)
            {
                int got = Fd.Read(_socket, to);
                if (got <= 0)
                {
                    return false;
                }

                to = to[got..];
            }

            return true;
        }
        catch (PosixException)
        {
            return false;
        }
    }
}
