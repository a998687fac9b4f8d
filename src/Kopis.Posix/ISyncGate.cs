namespace Kopis.Posix;

/// <summary>A gate at which one thread waits until another opens it, once: a
/// <see cref="ThreadGate"/>, or a simulator's.</summary>
public interface ISyncGate : IDisposable
{
    /// <summary>Returns once the gate is open.</summary>
    void Wait();

    /// <summary>Opens the gate; the waiting thread may dispose of it at once.</summary>
    void Open();
}
