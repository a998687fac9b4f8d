using System.Buffers;
using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>The output of a warm qmail-local: all text is kept for the report, up to a limit.
/// </summary>
internal sealed class CapturedOutput : DeliveryOutput
{
    /// <summary>Enough for qmail-lspawn to see that a report is too long (contract §7.2).</summary>
    internal const int BytesMax = DeliveryResult.ReportBytesMax + 1;

    private readonly ArrayBufferWriter<byte> _text = new();

    internal ReadOnlySpan<byte> Text => _text.WrittenSpan;

    public override void Say(ReadOnlySpan<byte> text)
    {
        int room = BytesMax - _text.WrittenCount;
        _text.Write(text[..Math.Min(room, text.Length)]);
    }

    public override void Complain(ReadOnlySpan<byte> text) => Say(text);

    public override WaitStatus Run(Func<int, int, ProcessStart> make)
    {
        (int read, int write) = Fd.Pipe();
        try
        {
            int pid = make(write, write).Start();
            Fd.Close(write);
            write = -1;
            return CollectAndWait(read, pid);
        }
        finally
        {
            Fd.Close(read);
            if (write >= 0)
            {
                Fd.Close(write);
            }
        }
    }

    private WaitStatus CollectAndWait(int read, int pid)
    {
        WaitStatus status;
        try
        {
            Collect(read, pid);
        }
        finally
        {
            status = Processes.Wait(pid); // Whatever fails, the child is reaped.
        }

        return status;
    }

    // Reads until the program ends; what it left running in the background does not hold up the
    // mail.
    private void Collect(int read, int pid)
    {
        Fd.SetNonBlocking(read, true);
        int ended = Processes.OpenDescriptor(pid);
        try
        {
            byte[] block = new byte[4096];
            Poller poller = new();
            while (true)
            {
                poller.Clear();
                poller.Add(read, read: true);
                int end = poller.Add(ended, read: true);
                poller.Wait(null);
                bool last = poller.IsReady(end);
                int got;
                while ((got = Fd.Read(read, block)) > 0)
                {
                    Say(block.AsSpan(0, got));
                    if (last && _text.WrittenCount >= BytesMax)
                    {
                        return;
                    }
                }

                if (last || got == 0)
                {
                    return;
                }
            }
        }
        finally
        {
            Fd.Close(ended);
        }
    }
}
