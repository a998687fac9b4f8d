namespace Kopis.Start;

/// <summary>What a supervisor keeps running: one process, or some that share pipes.</summary>
internal interface IUnit
{
    /// <summary>What people know it by.</summary>
    string Name { get; }

    /// <summary>At the end, higher layers are stopped first, and those of one layer together.
    /// </summary>
    int Layer { get; }

    /// <summary>Starts all of it.</summary>
    /// <param name="lifeline">The end of a pipe that the children watch.</param>
    /// <returns>Process ids and names.</returns>
    /// <exception cref="Posix.PosixException">A part cannot be started; none is left running.
    /// </exception>
    IReadOnlyDictionary<int, string> Start(int lifeline);

    /// <summary>Asks it to end: SIGTERM where that is the way.</summary>
    void Stop(IReadOnlyCollection<int> running);
}
