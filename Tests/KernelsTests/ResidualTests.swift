import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct ResidualTests {
    @Test func theSumIsTheSameEverywhereAndMayTakeTheBranchesPlace() {
      let (x, branch) = (normals(9 * 1001, seed: 1), normals(9 * 1001, seed: 2))
      let sums = Bits(zip(x, branch).map { $0 + $1 })
      let results = everywhere {
        let apart = Table(rows: 9, columns: 1001)
        add(Table(x, rows: 9).matrix, Table(branch, rows: 9).matrix, into: apart.matrix)
        let inPlace = Table(branch, rows: 9)
        add(Table(x, rows: 9).matrix, inPlace.matrix, into: inPlace.matrix)
        return Bits(apart.array) == sums && Bits(inPlace.array) == sums
      }
      #expect(results.allSatisfy { $0 })
    }
  }
}
