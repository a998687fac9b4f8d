// The hot pieces by themselves: dotnet run -c Release --project bench/MicroBench -- -f "*"
// In this process: a project of BenchmarkDotNet's own would not see the internals.
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using MicroBench;

Job job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
BenchmarkSwitcher.FromTypes(
    [
        typeof(HotPieces), typeof(CheckPieces), typeof(VirtualUserLookups), typeof(AddressPieces),
    ])
    .Run(args, DefaultConfig.Instance.AddJob(job));
