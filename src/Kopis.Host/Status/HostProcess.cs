namespace Kopis.Host.Status;

/// <summary>A process of the host.</summary>
/// <param name="Program">Its program.</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Start">When it began.</param>
/// <param name="ResidentBytes">Its memory.</param>
/// <param name="CpuSeconds">Its processor time.</param>
internal sealed record HostProcess(
    string Program, int Pid, DateTimeOffset Start, long ResidentBytes, double CpuSeconds);
