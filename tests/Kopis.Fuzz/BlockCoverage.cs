using System.Reflection;
using dnlib.DotNet;
using dnlib.DotNet.Emit;

namespace Kopis.Fuzz;

/// <summary>How much of a target's code its inputs reach, in basic blocks, which SharpFuzz's
/// instrumentation tells.</summary>
internal static class BlockCoverage
{
    /// <summary>Runs every input and counts.</summary>
    /// <returns>Blocks that were entered, and all that the target's code has.</returns>
    internal static unsafe (int Hit, int All) Measure(FuzzTarget target, IEnumerable<string> inputs)
    {
        HashSet<int> hit = [];
        byte[] map = new byte[1 << 16];
        Dictionary<int, int> ids = Blocks(target);
        fixed (byte* start = map)
        {
            Set("SharedMem", Pointer.Box(start, typeof(byte*)));
            Set("OnBranch", new Action<int, string>((id, _) =>
            {
                lock (hit)
                {
                    hit.Add(id);
                }
            }));
            foreach (string path in inputs)
            {
                try
                {
                    target.Run(File.ReadAllBytes(path));
                }
                catch (Exception)
                {
                    // A finding; what it reached counts.
                }
            }

            Set("OnBranch", null);
        }

        return (ids.Keys.Count(hit.Contains), ids.Count);
    }

    // By name: an assembly that refers to it counts as instrumented already.
    private static void Set(string field, object? value) =>
        Assembly.Load("SharpFuzz.Common").GetType("SharpFuzz.Common.Trace")!
            .GetField(field)!.SetValue(null, value);

    // SharpFuzz loads a block's number right before it hands it to the callback.
    private static Dictionary<int, int> Blocks(FuzzTarget target)
    {
        Dictionary<int, int> blocks = [];
        foreach (string path in Instrumenting.Assemblies(AppContext.BaseDirectory))
        {
            using ModuleDefMD module = ModuleDefMD.Load(path);
            foreach (TypeDef type in module.GetTypes())
            {
                if (!target.Code.Any(name =>
                    type.FullName.StartsWith(name, StringComparison.Ordinal)))
                {
                    continue;
                }

                foreach (MethodDef method in type.Methods.Where(method => method.HasBody))
                {
                    Add(method.Body.Instructions, blocks);
                }
            }
        }

        return blocks;
    }

    private static void Add(IList<Instruction> code, Dictionary<int, int> blocks)
    {
        for (int i = 2; i < code.Count; i++)
        {
            bool isCall = code[i].OpCode.Code == Code.Callvirt
                && code[i].Operand is IMethod { Name.String: "Invoke" } callee
                && callee.DeclaringType.FullName.StartsWith(
                    "System.Action`2<System.Int32,System.String>", StringComparison.Ordinal);
            if (isCall && code[i - 2].IsLdcI4())
            {
                blocks[code[i - 2].GetLdcI4Value()] = 1;
            }
        }
    }
}
