using Kopis.Posix;
using Kopis.Queue.Commands;
using Kopis.Send.Commands;
using Kopis.Testing;

namespace Kopis.Send.Tests;

/// <summary>How long one caller is waited for.</summary>
public sealed class CommandPeerTests
{
    private const int PieceBytes = 1 << 20; // More than a socket holds.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);

    /// <summary>Some bytes now and then keep a connection for minutes, not for ever.</summary>
    [Theory]
    [InlineData(1 << 20, false)] // All that is there, each time.
    [InlineData(100_000, true)]
    public void The_waits_for_one_answer_have_a_bound(int bytesPerPause, bool isEnded)
    {
        ManualTime time = new();
        (int ours, int theirs) = Fd.SocketPair();
        Fd.SetNonBlocking(ours, on: true); // As accepted ones are.
        byte[] buffer = new byte[bytesPerPause];
        try
        {
            using CommandPeer peer = new(ours, 0, time);
            Fd.WriteAll(theirs, Request());
            Assert.NotNull(peer.Read());
            bool isOpen = true;
            for (int i = 0; i < 40 && isOpen; i++)
            {
                if (!peer.Output.HasRest)
                {
                    peer.Output.Bytes.GetSpan(PieceBytes)[..PieceBytes].Clear();
                    peer.Output.Bytes.Advance(PieceBytes);
                }

                isOpen = peer.TryFlush();
                while (isOpen && peer.Output.HasRest && !isEnded)
                {
                    Fd.Read(theirs, buffer);
                    isOpen = peer.TryFlush();
                }

                time.Advance(Pause);
                if (isEnded)
                {
                    Fd.Read(theirs, buffer);
                }
            }

            Assert.Equal(isEnded, !isOpen);
        }
        finally
        {
            Fd.Close(theirs);
        }
    }

    private static byte[] Request()
    {
        System.Buffers.ArrayBufferWriter<byte> frame = new();
        new QueueRequest(QueueVerb.List, new QueueSelection()).Write(frame);
        return frame.WrittenSpan.ToArray();
    }
}
