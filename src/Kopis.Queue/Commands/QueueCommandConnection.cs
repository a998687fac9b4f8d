using System.Buffers;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Commands;

/// <summary>A client of qmail-send's command socket. It blocks; each connection is for one command.
/// </summary>
public sealed class QueueCommandConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[4 * QueueFrame.AnswerBytesMax];
    private int _start;
    private int _end;

    private QueueCommandConnection(Socket socket) => _socket = socket;

    /// <summary>Connects to a home's qmail-send.</summary>
    /// <returns>Null if no qmail-send serves commands.</returns>
    public static QueueCommandConnection? TryConnect(string home, TimeSpan timeout)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            SendTimeout = (int)timeout.TotalMilliseconds,
            ReceiveTimeout = (int)timeout.TotalMilliseconds,
        };
        try
        {
            socket.Connect(UnixListener.EndPoint(QueueFrame.SocketPath(home)));
            return new QueueCommandConnection(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Sends a command, and passes on each answer, including the last.</summary>
    /// <param name="request">The command.</param>
    /// <param name="onAnswer">Gets the kind and the content of each answer.</param>
    /// <exception cref="ConfigurationException">qmail-send refuses the command, or is gone.
    /// </exception>
    public void Ask(QueueRequest request, Action<byte, ReadOnlyMemory<byte>> onAnswer)
    {
        ArrayBufferWriter<byte> frame = new();
        request.Write(frame);
        try
        {
            for (ReadOnlySpan<byte> rest = frame.WrittenSpan; !rest.IsEmpty;)
            {
                rest = rest[_socket.Send(rest)..];
            }

            byte kind;
            do
            {
                ReadOnlyMemory<byte> answer = Receive(out kind);
                if (kind == QueueFrame.Refused)
                {
                    throw new ConfigurationException(
                        ByteText.ToText(answer.Span), ExitCode.Permanent);
                }

                onAnswer(kind, answer);
            }
            while (kind != QueueFrame.End);
        }
        catch (SocketException e)
        {
            throw new ConfigurationException(
                $"no answer from qmail-send: {e.Message}; the command may have been carried out",
                e);
        }
    }

    /// <summary>Ends the connection. <see cref="Ask"/>, on another thread, then finds it closed.
    /// </summary>
    public void Abort()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The other end has closed it already.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private ReadOnlyMemory<byte> Receive(out byte kind)
    {
        int length;
        while ((length = QueueFrame.LengthOf(
            _buffer.AsSpan(_start, _end - _start), QueueFrame.AnswerBytesMax)) == 0
            || length > _end - _start)
        {
            if (length < 0)
            {
                throw new ConfigurationException("qmail-send does not answer in frames");
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            int got = _socket.Receive(_buffer.AsSpan(_end));
            _end += got > 0 ? got : throw new ConfigurationException(
                "qmail-send has closed the connection; the command may have been carried out in "
                + "part");
        }

        int at = _start;
        _start += length;
        kind = _buffer[at + sizeof(uint)];
        return _buffer.AsMemory(at + QueueFrame.HeadBytes, length - QueueFrame.HeadBytes);
    }
}
