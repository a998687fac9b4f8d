using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue;

namespace Kopis.Local;

/// <summary>
/// qmail-lspawn's side of one warm qmail-local. That process belongs to a user and is not trusted:
/// it can report falsely on that user's deliveries and harm nothing else.
/// </summary>
internal sealed class WarmLocal
{
    private readonly record struct Waiting(byte[] Frame, QueuedBody? OwnFile);

    private readonly FrameReader _reader = new(LocalChannel.AnswerBytesMax);
    private readonly Dictionary<uint, byte> _slots = [];
    private readonly Queue<Waiting> _output = new();
    private int _sent; // Of the first frame.
    private uint _nextId;

    /// <summary>The side of a process that runs.</summary>
    /// <param name="pid">The process, our child.</param>
    /// <param name="socket">Our end of the socket pair; this object's from now on.</param>
    internal WarmLocal(int pid, int socket)
    {
        (Pid, Socket) = (pid, socket);
        Fd.SetNonBlocking(socket, true);
    }

    internal int Pid { get; }

    internal int Socket { get; }

    /// <summary>Hung up.</summary>
    internal bool IsClosed { get; private set; }

    internal bool HasOutput => _output.Count > 0;

    /// <summary>Slots of deliveries without an answer.</summary>
    internal IReadOnlyCollection<byte> Slots => _slots.Values;

    /// <summary>When it last had something to do; a TimeProvider's timestamp.</summary>
    internal long LastUsed { get; set; }

    /// <summary>Starts a process.</summary>
    /// <exception cref="PosixException">It cannot be started.</exception>
    internal static WarmLocal Start(ProgramContext context, ProcessIdentity? identity)
    {
        (int ours, int theirs) = Fd.SocketPair();
        try
        {
            int pid = new ProcessStart
            {
                Path = "/proc/self/exe", // This very binary, whatever lies in bin by now.
                Arguments = ["qmail-local"u8.ToArray(), "--serve"u8.ToArray()],
                Environment = new ByteEnvironment(context.Environment)
                {
                    ["KOPIS_HOME"] = Fd.PathBytes(context.Home)[..^1],
                },
                Directory = "/",
                Descriptors = new Dictionary<int, int> { [0] = theirs, [1] = 2, [2] = 2 },
                Identity = identity,
            }.Start();
            return new WarmLocal(pid, ours);
        }
        catch
        {
            Fd.Close(ours);
            throw;
        }
        finally
        {
            Fd.Close(theirs);
        }
    }

    /// <summary>Orders a delivery; the message is this object's to close then.</summary>
    /// <returns>False where it does not fit a frame; the message is still the caller's.</returns>
    internal bool Order(byte slot, DeliveryRequest request, QueuedBody message)
    {
        int bodyBytes = message.HasOwnFile ? 0 : (int)message.Length;
        byte[]? frame =
            LocalChannel.FormatOrder(_nextId, request, message.HasOwnFile, bodyBytes);
        if (frame is null)
        {
            return false;
        }

        message.Read(0, frame.AsSpan(frame.Length - bodyBytes));
        _slots.Add(_nextId++, slot);
        if (message.HasOwnFile)
        {
            _output.Enqueue(new Waiting(frame, message));
        }
        else
        {
            message.Dispose();
            _output.Enqueue(new Waiting(frame, null));
        }

        return true;
    }

    /// <summary>Sends what the socket takes.</summary>
    /// <exception cref="PosixException">The process is gone.</exception>
    internal void Flush()
    {
        while (_output.TryPeek(out Waiting first))
        {
            // The descriptor goes with the first byte.
            int descriptor = _sent == 0 && first.OwnFile is { } file ? file.Descriptor : -1;
            int put = FdPassing.TrySend(Socket, first.Frame.AsSpan(_sent), descriptor);
            if (put < 0)
            {
                return;
            }

            _sent += put;
            if (_sent == first.Frame.Length)
            {
                _output.Dequeue();
                first.OwnFile?.Dispose();
                _sent = 0;
            }
        }
    }

    /// <summary>Reads answers.</summary>
    /// <returns>False at the end of the connection.</returns>
    /// <exception cref="InvalidDataException">What it says is no answer to anything.</exception>
    /// <exception cref="PosixException">The connection is broken.</exception>
    internal bool Read(Action<byte, Outcome> report)
    {
        // An ordinary read: descriptors that came along, though none should, are dropped.
        int got = Fd.Read(Socket, _reader.Space());
        if (got <= 0)
        {
            return got < 0;
        }

        _reader.Advance(got);
        while (_reader.TryTake() is { } frame)
        {
            DeliveryAnswer answer = LocalChannel.ParseAnswer(frame);
            if (!_slots.Remove(answer.Id, out byte slot))
            {
                throw new InvalidDataException("An answer to no order.");
            }

            report(slot, DeliveryResult.Of(answer.ExitCode, answer.Text.Span));
        }

        return true;
    }

    /// <summary>Hangs up; a well-behaved process ends then.</summary>
    internal void Close()
    {
        IsClosed = true;
        Fd.Close(Socket);
        while (_output.TryDequeue(out Waiting waiting))
        {
            waiting.OwnFile?.Dispose();
        }
    }
}
