using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>Where a delivery's words go, and those of its programs.</summary>
public abstract class DeliveryOutput
{
    /// <summary>Good news, qmail-local's standard output.</summary>
    public abstract void Say(ReadOnlySpan<byte> text);

    /// <summary>Bad news, its standard error.</summary>
    public abstract void Complain(ReadOnlySpan<byte> text);

    /// <summary>Starts a program with our output as its own, and waits for its end.</summary>
    /// <param name="make">Makes the start from the descriptors for standard output and error.
    /// </param>
    /// <exception cref="PosixException">It cannot be started.</exception>
    public abstract WaitStatus Run(Func<int, int, ProcessStart> make);
}
