using Kopis.Base;

namespace Kopis.Net.Listener;

/// <summary>Makes the handler of a chain, once, when its listener starts. It reads the control
/// files.</summary>
/// <param name="listener">The listener's context, with environment and home.</param>
/// <param name="chain">The words after tcpserver's port; at least one.</param>
/// <returns>Null if some program of the chain is not ours: then a process is started for each
/// connection.</returns>
/// <exception cref="ConfigurationException">The chain is ours, but its settings do not work.
/// </exception>
public delegate ISessionHandler? ChainFactory(
    ProgramContext listener, IReadOnlyList<byte[]> chain);
