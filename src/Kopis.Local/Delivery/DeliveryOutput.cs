using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>Where the messages of a delivery go, and the output of its programs.</summary>
public abstract class DeliveryOutput
{
    /// <summary>Writes to qmail-local's standard output, which has its results.</summary>
    public abstract void Say(ReadOnlySpan<byte> text);

    /// <summary>Writes to qmail-local's standard error, which has its failures.</summary>
    public abstract void Complain(ReadOnlySpan<byte> text);

    /// <summary>Starts a program that writes to our output, and waits for its end.</summary>
    /// <param name="make">Makes the start from the descriptors for standard output and error.
    /// </param>
    /// <exception cref="PosixException">The program cannot be started.</exception>
    public abstract WaitStatus Run(Func<int, int, ProcessStart> make);
}
