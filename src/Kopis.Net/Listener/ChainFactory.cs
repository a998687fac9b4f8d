using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>
/// Makes the handler of a chain, once, when its listener starts; reads the control files then.
/// </summary>
/// <param name="listener">The listener's own context: its environment and home.</param>
/// <param name="chain">The words after tcpserver's port, at least one.</param>
/// <returns>Null if the chain is not all our own: a process is started for each connection.
/// </returns>
/// <exception cref="ConfigurationException">It is ours and cannot work as set up.</exception>
public delegate ISessionHandler? ChainFactory(
    ProgramContext listener, IReadOnlyList<byte[]> chain);
