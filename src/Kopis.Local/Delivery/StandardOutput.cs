using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>The output of qmail-local by hand: descriptors 1 and 2.</summary>
public sealed class StandardOutput : DeliveryOutput
{
    /// <summary>The output of this process.</summary>
    public static readonly StandardOutput Instance = new();

    private const int Out = 1;
    private const int Error = 2;

    public override void Say(ReadOnlySpan<byte> text) => Write(Out, text);

    public override void Complain(ReadOnlySpan<byte> text) => Write(Error, text);

    public override WaitStatus Run(Func<int, int, ProcessStart> make) =>
        Processes.Wait(make(Out, Error).Start());

    private static void Write(int fd, ReadOnlySpan<byte> text)
    {
        try
        {
            Fd.WriteAll(fd, text);
        }
        catch (PosixException)
        {
            // Nobody reads it; the exit code still gives the result.
        }
    }
}
